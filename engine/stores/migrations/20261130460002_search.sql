-- One folding for all that is searched: people, orders, events, venues. The scripts of a page ask the same functions.

-- migrate:up
-- Text as people look for it: without case, accents, vowel points, forms of a letter, what nobody sees and apostrophes.
CREATE FUNCTION search_folded(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(
        replace(replace(replace(replace(
            lower(regexp_replace(
                -- An acute accent alone is typed for an apostrophe; NFKD would make a blank of it.
                normalize(translate(given, U&'\00b4\1fbd\1fbf\1ffd', ''), NFKD),
                -- Marks of Latin, Greek, Cyrillic, Hebrew and Arabic; joiners, directions, selectors, fillers, tags;
                -- apostrophes, primes, turned commas, geresh.
                U&'[\0300-\0344\0346-\036f\0483-\0489\0591-\05bd\05bf\05c1\05c2\05c4\05c5\05c7\0610-\061a\0640\064b-\065f\0670'
                '\06d6-\06dc\06df-\06e4\06e7\06e8\06ea-\06ed\1ab0-\1aff\1dc0-\1dff\20d0-\20ff\fe20-\fe2f'
                '\00ad\061c\115f\1160\17b4\17b5\180b-\180f\200b-\200f\202a-\202e\2060-\206f\3164\fe00-\fe0f\feff'
                '\ffa0\fff0-\fffb\+0e0000-\+0e0fff'
                '\0027\0060\02b9-\02bf\02c8\02ca\02cb\055a\05f3\05f4\07f4\07f5\2018-\201b\2032\2035\a78b\a78c]',
                '', 'g') COLLATE pg_c_utf8),
            U&'\00e6', 'ae'), U&'\0153', 'oe'), U&'\00df', 'ss'), U&'\00fe', 'th'),
        -- Letters with a stroke, a bar or a tail, which no form of Unicode takes apart; final sigma; yeh and kaf;
        -- and the iota below a Greek letter, which capitals write beside it.
        U&'\0142\0111\00f0\00f8\0127\0131\0167\014b\0138\0253\0257\0268\0289\0180\0247\0249\024d\024f'
        '\01b6\0266\03c2\0649\064a\0643\06d5\06be\0345',
        U&'lddohitnkbdiubejryzh\03c3\06cc\06cc\06a9\0647\0647\03b9')
$$;

-- Where words part: blanks, and the punctuation of every script; letters, numbers, signs and emoji are words. A word of a
-- long text has an end (2 kB is the most that one may have): letters may be eleven times as long when they are taken apart.
CREATE FUNCTION search_parted(given text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    parting CONSTANT text :=
        U&'\0001-\002f\003a-\0040\005b-\0060\007b-\00a9\00ab-\00b1\00b4-\00b8\00bb\00bf\00d7\00f7\055b-\055f\0589\058a\05be'
        '\05c0\05c3\05c6\060c\061b\061e\061f\066a-\066d\06d4\0964\0965\0970\104a-\104f\10fb\1361-\1368\1400\166e\16eb-\16ed'
        '\17d4-\17da\1800-\180a\2000-\205f\2212\2800\2e00-\2e7f\3000-\3003\3008-\3011\3014-\301f\3030\303d\30a0\30fb';
    folded text := search_folded(given);
BEGIN
    IF octet_length(given) > 180 THEN
        folded := regexp_replace(folded, '([^' || parting || ']{100})[^' || parting || ']+', '\1', 'g');
    END IF;
    RETURN array_remove(regexp_split_to_array(folded, '[' || parting || ']+'), '');
END
$$;

-- Every word under which a text is found, each by its beginning. What an apostrophe or a dash joins is found in one and
-- in its parts; writing without blanks (Han, kana, Hangul, Thai, Lao, Khmer, Burmese) from every letter on. In plpgsql,
-- which keeps its plan: a ticket's words cost 30 us, as a query they cost 250.
CREATE FUNCTION search_words(given text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    apostrophes CONSTANT text := U&'[\0027\0060\00b4\02b9-\02bf\02c8\055a\05f3\2018-\201b\2032\2035\ff07]';
    dashes CONSTANT text := U&'[-\058a\05be\2010-\2015\2212\ff0d]';
    unparted CONSTANT text :=
        U&'[\0e00-\0eff\1000-\109f\1100-\11ff\1780-\17ff\3040-\30ff\3400-\9fff\f900-\faff\+020000-\+03ffff]';
    words text[] := search_parted(given);
    tails text[] := '{}';
    word text;
BEGIN
    IF given ~ apostrophes THEN
        words := words || search_parted(regexp_replace(given, apostrophes, ' ', 'g'));
    END IF;
    IF given ~ dashes THEN
        words := words || search_parted(regexp_replace(given, dashes, '', 'g'));
    END IF;
    IF words = '{}' THEN
        words := array_remove(ARRAY[left(regexp_replace(search_folded(given), '\s', '', 'g'), 100)], '');
    END IF;
    FOREACH word IN ARRAY words LOOP
        IF word ~ unparted THEN
            FOR at IN 2..least(length(word), 40) LOOP
                tails := tails || substr(word, at);
            END LOOP;
        END IF;
    END LOOP;
    RETURN words || tails;
END
$$;

-- What somebody looks for, as words that all must begin a word of the text, in any order. NULL: there is no word in it.
CREATE FUNCTION search_query(given text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH parts AS (SELECT word, place FROM unnest(search_parted(given)) WITH ORDINALITY AS p(word, place)),
    whole AS (
        SELECT word, place FROM parts WHERE place <= 10
        UNION ALL SELECT regexp_replace(search_folded(given), '\s', '', 'g'), 1 WHERE NOT EXISTS (SELECT 1 FROM parts)
    )
    SELECT string_agg('''' || replace(replace(left(word, 100), '\', '\\'), '''', '''''') || ''':*', ' & ')::tsquery
      FROM whole WHERE word <> ''
$$;

ALTER TABLE orders ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(buyer_name || ' ' || buyer_email))) STORED;
CREATE INDEX orders_search ON orders USING gin (search);

ALTER TABLE tickets ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(holder_name || ' ' || holder_email))) STORED;
CREATE INDEX tickets_search ON tickets USING gin (search);

-- A long description is searched by its beginning: a document of words has an end (1 MB).
ALTER TABLE events DROP COLUMN search;
ALTER TABLE events ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(
        title || ' ' || summary || ' ' || category || ' ' || left(description, 4000)))) STORED;
CREATE INDEX events_search ON events USING gin (search);

ALTER TABLE venues ADD COLUMN search tsvector
    GENERATED ALWAYS AS (array_to_tsvector(search_words(name || ' ' || city))) STORED;

-- migrate:down
ALTER TABLE venues DROP COLUMN search;
ALTER TABLE events DROP COLUMN search;
ALTER TABLE events ADD COLUMN search tsvector GENERATED ALWAYS AS (
    to_tsvector('simple', folded(title || ' ' || summary || ' ' || description || ' ' || category))) STORED;
CREATE INDEX events_search ON events USING gin (search);
ALTER TABLE tickets DROP COLUMN search;
ALTER TABLE orders DROP COLUMN search;
DROP FUNCTION search_query(text), search_words(text), search_parted(text), search_folded(text);
