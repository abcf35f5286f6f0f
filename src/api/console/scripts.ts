export type Built = Readonly<{
  file: string
  isEntry?: boolean
  imports?: readonly string[]
  dynamicImports?: readonly string[]
}>

export type Manifest = Readonly<Record<string, Built>>

export function scriptsOf(manifest: Manifest, address: string): string[] {
  const url = URL.parse(address, 'http://console')
  const name = `src/pages/${url?.pathname.split('/')[1] ?? ''}/index.tsx`
  const page = Object.hasOwn(manifest, name) ? manifest[name] : undefined
  if (url === null || page === undefined) return []
  const view = url.searchParams.get('view')
  const shown = page.dynamicImports?.find(
    (source) => source.endsWith(`/${view}.tsx`) || source.endsWith(`/${view}/index.tsx`),
  )
  const everywhere = withImports(
    manifest,
    Object.keys(manifest).filter((source) => manifest[source]?.isEntry === true),
  )
  return [...withImports(manifest, [name, ...(shown === undefined ? [] : [shown])]).difference(everywhere)]
}

export function withImports(manifest: Manifest, sources: readonly string[]): Set<string> {
  const scripts = new Set<string>()
  const visit = (source: string) => {
    const built = manifest[source]
    if (built === undefined || scripts.has(built.file)) return
    scripts.add(built.file)
    for (const next of built.imports ?? []) visit(next)
  }
  for (const source of sources) visit(source)
  return scripts
}
