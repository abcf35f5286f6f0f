/** The documentation page of a link in `page`: `../explain/query.md#names` in `guide/console`. */
export function docOfLink(to: string, page: string): Readonly<{ page: string; hash: string }> | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(to)) return undefined
  const { pathname, hash } = new URL(to, `http://docs/${page}.md`)
  return pathname.endsWith('.md') ? { page: pathname.slice(1, -3), hash: hash.slice(1) } : undefined
}
