"""The refusals of the catalogue, below the general ones of engine/foundation/errors.py.

NotFound 404
├── PreviewOver               preview_over              a preview link that is none, or whose time is over
├── VenueUnknown              venue_unknown
├── EventUnknown              event_unknown
├── CityUnknown               city_unknown
├── TicketTypeUnknown         ticket_type_unknown
├── AllotmentUnknown          allotment_unknown
├── PromoCodeUnknown          promo_code_unknown
├── ChartMissing              chart_missing
├── SeriesUnknown             series_unknown
├── TemplateUnknown           template_unknown
├── ComplaintUnknown          complaint_unknown         none such, or decided already
└── OnSaleMissing             on_sale_missing
Conflict 409
├── VenueInUse                venue_in_use
├── EventIncomplete           event_incomplete          facts: missing
├── EventFrozen               event_frozen              facts: fields
├── EventNotDraft             event_not_draft           facts: event_status
├── EventNotPublished         event_not_published       facts: event_status
├── EventHasOrders            event_has_orders
├── EventArchived             event_archived
├── TemplateNameTaken         template_name_taken
├── EventInSeries             event_in_series           facts: series_id
├── EventNotInSeries          event_not_in_series
├── EventNotOver              event_not_over            facts: phase
├── CapacityBelowSold         capacity_below_sold       facts: sold
├── OnSaleRunning             on_sale_running
├── UnitsTaken                units_taken               facts: seats, taken
├── PromoCodeTaken            promo_code_taken
├── PromoCodeUsed             promo_code_used
├── PromoExpired              promo_expired             asked about outside its window
└── PromoUsedUp               promo_used_up             asked about once used up; who holds with it: PromoExhausted
Invalid 422
└── PriceStepsOverlap         price_steps_overlap
"""

from __future__ import annotations

from engine.foundation.errors import Conflict, Invalid, NotFound


class PreviewOver(NotFound):
    code, title = "preview_over", "This preview link has run out: ask for another one"


class VenueUnknown(NotFound):
    code, title = "venue_unknown", "There is no such venue"


class EventUnknown(NotFound):
    code, title = "event_unknown", "There is no such event"


class CityUnknown(NotFound):
    code, title = "city_unknown", "Nothing was ever on in a city of this name"


class TicketTypeUnknown(NotFound):
    code, title = "ticket_type_unknown", "There is no such ticket type"


class AllotmentUnknown(NotFound):
    code, title = "allotment_unknown", "There is no such allotment"


class PromoCodeUnknown(NotFound):
    code, title = "promo_code_unknown", "There is no such promo code"


class ChartMissing(NotFound):
    code, title = "chart_missing", "There is no seating chart yet"


class SeriesUnknown(NotFound):
    code, title = "series_unknown", "There is no such series"


class TemplateUnknown(NotFound):
    code, title = "template_unknown", "There is no such template"


class ComplaintUnknown(NotFound):
    code, title = "complaint_unknown", "There is no such report, or it is decided already"


class OnSaleMissing(NotFound):
    code, title = "on_sale_missing", "This event has no on-sale yet"


class VenueInUse(Conflict):
    code, title = "venue_in_use", "Events take place at this venue"


class EventIncomplete(Conflict):
    code, title = "event_incomplete", "Something is missing before this event can be published"


class EventFrozen(Conflict):
    code, title = "event_frozen", "That cannot change once the event was published"


class EventNotDraft(Conflict):
    code, title = "event_not_draft", "Only a draft allows this"


class EventNotPublished(Conflict):
    code, title = "event_not_published", "Only a published event allows this"


class EventHasOrders(Conflict):
    code, title = "event_has_orders", "Tickets were ordered: cancel the event instead"


class EventArchived(Conflict):
    code, title = "event_archived", "This event is in the archive: take it out first"


class TemplateNameTaken(Conflict):
    code, title = "template_name_taken", "A template has this name already"


class EventInSeries(Conflict):
    code, title = "event_in_series", "This event is in a series already"


class EventNotInSeries(Conflict):
    code, title = "event_not_in_series", "This event is in no series: change it alone"


class EventNotOver(Conflict):
    code, title = "event_not_over", "Only a draft, or what is over or cancelled, goes into the archive"


class CapacityBelowSold(Conflict):
    code, title = "capacity_below_sold", "More tickets than that were sold already"


class OnSaleRunning(Conflict):
    code, title = "on_sale_running", "The queue has been drawn: its opening cannot move any more"


class UnitsTaken(Conflict):
    code, title = "units_taken", "Some of these places are not free"


class PromoCodeTaken(Conflict):
    code, title = "promo_code_taken", "This event has that code already"


class PromoCodeUsed(Conflict):
    code, title = "promo_code_used", "Orders used this code: disable it instead"


class PromoExpired(Conflict):
    code, title = "promo_expired", "This promo code cannot be used now"


class PromoUsedUp(Conflict):
    code, title = "promo_used_up", "This promo code has been used as often as it may"


class PriceStepsOverlap(Invalid):
    code, title = "price_steps_overlap", "Each price step ends after the one before it"
