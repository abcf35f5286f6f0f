export function unitOf(name: string): string | undefined {
  return /_(bytes|packets|seconds)(?:_total)?$/.exec(name)?.[1]
}

export function rawName(name: string): string {
  return name.endsWith('_total') ? `${name.slice(0, -'_total'.length)}_raw_total` : `${name}_raw`
}
