-- The words of plain text: most names and addresses are ASCII letters, digits and blanks, for which four functions on
-- regular expressions were a tenth of the statements that open and settle an order. The words are the same.

-- migrate:up
CREATE OR REPLACE FUNCTION search_words(given text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    apostrophes CONSTANT text := U&'[\0027\0060\00b4\02b9-\02bf\02c8\055a\05f3\2018-\201b\2032\2035\ff07]';
    dashes CONSTANT text := U&'[-\058a\05be\2010-\2015\2212\ff0d]';
    unparted CONSTANT text :=
        U&'[\0e00-\0eff\1000-\109f\1100-\11ff\1780-\17ff\3040-\30ff\3400-\9fff\f900-\faff\+020000-\+03ffff]';
    words text[];
    tails text[] := '{}';
    word text;
BEGIN
    IF octet_length(given) <= 180 AND given !~ '[^-+_.@ 0-9A-Za-z]' THEN  -- words of longer texts are cut
        words := array_remove(string_to_array(translate(lower(given COLLATE "C"), '-+_.@', '     '), ' '), '');
        IF strpos(given, '-') > 0 THEN  -- without its dashes too: the last of these has nothing to become
            words := words
                || array_remove(string_to_array(translate(lower(given COLLATE "C"), '+_.@-', '    '), ' '), '');
        END IF;
        IF words <> '{}' THEN
            RETURN words;
        END IF;
    END IF;
    words := search_parted(given);
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

-- migrate:down
CREATE OR REPLACE FUNCTION search_words(given text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
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
