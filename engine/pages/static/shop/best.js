/** Reads the best-available form as a hold request. */

export function bestRequest(form, data) {
  const fields = form.elements;
  const accessible = Number(fields.accessible?.value) || 0;
  const items = data.offers
    .map((offer) => ({ offer, quantity: Number(fields[`q-${offer.id}`]?.value) || 0 }))
    .filter(({ quantity }) => quantity > 0);
  let places = accessible; // wheelchair places are asked for with the first tickets that can have them
  return {
    event_id: data.event_id,
    items: items.map(({ offer, quantity }) => {
      const item = { ticket_type_id: offer.id, quantity };
      if (offer.seated) {
        const here = Math.min(places, quantity);
        places -= here;
        if (here) item.accessible = here;
        if (fields.section?.value) item.section = fields.section.value;
        item.split = fields.split?.checked ?? true;
      }
      return item;
    }),
  };
}
