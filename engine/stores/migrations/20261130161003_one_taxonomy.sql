-- migrate:up

-- One taxonomy of events: what was typed becomes the category that it means (engine/foundation/world/categories.py). A
-- word that means none of them becomes 'other', and stays as a tag so that it is still found.
WITH typed AS (
    SELECT id, category, trim(both '-' from regexp_replace(folded(category), '[^[:alnum:]]+', '-', 'g')) AS folded_word
      FROM events
), meant AS (
    SELECT id, category, folded_word, CASE
           WHEN folded_word IN ('concert', 'concerts', 'music', 'musical-concert', 'gig', 'gigs', 'live-music', 'musicevent') THEN 'concert'
           WHEN folded_word IN ('festival', 'festivals', 'musicfestival', 'music-festival') THEN 'festival'
           WHEN folded_word IN ('theatre', 'theatres', 'theater', 'theaters', 'theaterevent', 'play', 'plays', 'drama', 'musical', 'musicals', 'opera', 'operas') THEN 'theatre'
           WHEN folded_word IN ('dance', 'dances', 'ballet', 'ballets', 'danceevent') THEN 'dance'
           WHEN folded_word IN ('comedy', 'comedies', 'stand-up', 'standup', 'cabaret', 'comedyevent') THEN 'comedy'
           WHEN folded_word IN ('film', 'films', 'movie', 'movies', 'cinema', 'screening', 'screenings', 'screeningevent') THEN 'film'
           WHEN folded_word IN ('sports', 'sport', 'game', 'games', 'match', 'matches', 'sportsevent') THEN 'sports'
           WHEN folded_word IN ('exhibition', 'exhibitions', 'exhibit', 'exhibits', 'museum', 'museums', 'gallery', 'art', 'arts', 'exhibitionevent', 'visualartsevent') THEN 'exhibition'
           WHEN folded_word IN ('conference', 'conferences', 'congress', 'congresses', 'convention', 'conventions', 'summit', 'summits', 'business', 'businessevent') THEN 'conference'
           WHEN folded_word IN ('workshop', 'workshops', 'class', 'classes', 'course', 'courses', 'lecture', 'lectures', 'talk', 'talks', 'seminar', 'seminars', 'educationevent') THEN 'workshop'
           WHEN folded_word IN ('family', 'families', 'kids', 'child', 'children', 'childrensevent') THEN 'family'
           WHEN folded_word IN ('nightlife', 'club', 'clubs', 'clubbing', 'party', 'parties', 'dj') THEN 'nightlife'
           WHEN folded_word IN ('food', 'foods', 'food-and-drink', 'food-drink', 'drinks', 'wine', 'tasting', 'tastings', 'foodevent') THEN 'food'
           WHEN folded_word IN ('community', 'communities', 'charity', 'charities', 'fundraiser', 'fundraisers', 'socialevent') THEN 'community'
           ELSE 'other' END AS name
      FROM typed
)
UPDATE events e
   SET category = m.name,
       tags = CASE WHEN m.name = 'other' AND m.folded_word NOT IN ('other', 'others', 'misc', 'miscellaneous') AND NOT m.category = ANY(e.tags)
                   THEN e.tags || m.category ELSE e.tags END
  FROM meant m
 WHERE m.id = e.id AND m.name <> e.category;

-- migrate:down

-- What was typed before is not kept.
SELECT 1;
