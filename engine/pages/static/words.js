/**
 * Saying something in the page's language. Sentences are written in English where they are said; a page in another
 * language brings its translations along (script_words of engine/pages/frame.py). Facts stand in them as %(name)s.
 */

const block = document.getElementById("words");
const { forms, said } = block ? JSON.parse(block.textContent) : { forms: [], said: {} };
const rules = new Intl.PluralRules(document.documentElement.lang || "en");

/** The locale in which numbers are written: with the digits that the server writes too. */
export const LOCALE = `${document.documentElement.lang || "en"}-u-nu-latn`;

function filled(text, facts) {
  return text.replace(/%\((\w+)\)s|%%/g, (_, name) => (name ? String(facts[name]) : "%"));
}

/** The sentence with its facts. */
export function phrase(text, facts = {}) {
  return filled(said[text] ?? text, facts);
}

/** The sentence for a number of things, which is its fact `num`. */
export function phrases(one, many, count, facts = {}) {
  const known = said[one];
  const place = known ? forms.indexOf(rules.select(count)) : 0;
  const text = known ? known[place < 0 ? known.length - 1 : place] : count === 1 ? one : many;
  return filled(text, { num: count, ...facts });
}

/** A refusal's sentence in the page's language: what it says, else what its kind is called. */
export function refusalIn(problem) {
  const { detail, title } = problem.facts;
  return said[detail] ?? said[title] ?? problem.message;
}
