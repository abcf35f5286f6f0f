// Up to white space, a quote or the next URL of a list.
const REST = String.raw`(?:(?!,[a-z][a-z0-9+.-]*:\/\/)[^\s"'<>\`])*`
const URL_IN_TEXT = new RegExp(
  String.raw`\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#"'<>\`]*@)?((?:(?!,[a-z][a-z0-9+.-]*:\/\/)[^\s?#"'<>\`])*)([?#]${REST})?`,
  'gi',
)

// Trailing punctuation belongs to the sentence.
const cut = (_: string, scheme: string, place: string, rest = '') =>
  `${scheme}${place}${/[:;,.)\]]*$/.exec(rest)?.[0] ?? ''}`

/** Cuts every URL in the text to scheme, host and path: user, password, query and fragment may hold secrets. */
export function withoutUrlSecrets(text: string): string {
  return text.includes('://') ? text.replace(URL_IN_TEXT, cut) : text
}

/** Also removes the query of this URL if the text repeats it alone. */
export function withoutSecretsOf(url: string, text: string): string {
  const search = URL.parse(url)?.search ?? ''
  const parts = search.length > 1 ? [search, decodeURI(search)] : []
  return parts.reduce((rest, part) => rest.replaceAll(part, ''), withoutUrlSecrets(text))
}
