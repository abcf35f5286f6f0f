/** A module that the build wrote, as its manifest has it: its file, what comes with it, and what it loads later. */
export interface Built {
  readonly file: string
  readonly isEntry?: boolean
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
}

/** By the module's source. */
export type Manifest = Readonly<Record<string, Built>>

/**
 * Files of the scripts that the page at an address needs (`/flows`), and the view that the address names (`view=table`), beyond those that every
 * page has. Of an address that nobody knows, none.
 */
export function scriptsOf(manifest: Manifest, address: string): string[] {
  const url = URL.parse(address, 'http://console')
  const name = `src/pages/${url?.pathname.split('/')[1] ?? ''}/index.tsx`
  const page = Object.hasOwn(manifest, name) ? manifest[name] : undefined
  if (url === null || page === undefined) return []
  const view = url.searchParams.get('view')
  const shown = page.dynamicImports?.find(
    (source) => source.endsWith(`/${view}.tsx`) || source.endsWith(`/${view}/index.tsx`),
  )
  const everywhere = together(
    manifest,
    Object.keys(manifest).filter((source) => manifest[source]?.isEntry === true),
  )
  return [...together(manifest, [name, ...(shown === undefined ? [] : [shown])]).difference(everywhere)]
}

/** Files that are loaded with these modules. */
export function together(manifest: Manifest, sources: readonly string[]): Set<string> {
  const found = new Set<string>()
  const visit = (source: string): void => {
    const built = manifest[source]
    if (built === undefined || found.has(built.file)) return
    found.add(built.file)
    for (const next of built.imports ?? []) visit(next)
  }
  for (const source of sources) visit(source)
  return found
}
