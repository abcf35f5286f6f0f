/** For limited users: one end in their namespaces, none in another. */
import { quoted } from '../duck.ts'

/** Condition on the columns `near` and `far`, which are not NULL. */
export function scopeSql(namespaces: readonly string[], dialect: TextSql): string {
  const [near, far] = ['near', 'far'].map((ref) => insideSql(ref, namespaces, dialect))
  const isObject = (ref: string) => dialect.startsWith(ref, 'k8s:')
  return `(${near} OR ${far}) AND (${near} OR NOT ${isObject('near')}) AND (${far} OR NOT ${isObject('far')})`
}

export type TextSql = Readonly<{
  text: (text: string) => string
  startsWith: (column: string, text: string) => string
  part: (column: string, separator: string, index: number) => string
}>

export const duckdbText: TextSql = {
  text: quoted,
  startsWith: (column, text) => `starts_with(${column}, ${quoted(text)})`,
  part: (column, separator, index) => `split_part(${column}, ${quoted(separator)}, ${index})`,
}

/** Whether the reference is one of the namespaces or an object in them. NULL for NULL. */
export function insideSql(ref: string, namespaces: readonly string[], dialect: TextSql): string {
  if (namespaces.length === 0) return 'false'
  const part = (index: number) => dialect.part(ref, '/', index)
  const names = `(${namespaces.map(dialect.text).join(', ')})`
  return `(${dialect.startsWith(ref, 'k8s:')} AND (${part(4)} IN ${names} OR (${part(2)} = '' AND
      ${part(3)} = 'Namespace' AND ${part(5)} IN ${names})))`
}

export function scopeTest(namespaces: readonly string[]): (near: string, far: string) => boolean {
  const names = new Set(namespaces)
  const isInside = (ref: string) => {
    if (!ref.startsWith('k8s:')) return false
    const [, group, kind, namespace = '', name = ''] = ref.split('/')
    return names.has(namespace) || (group === '' && kind === 'Namespace' && names.has(name))
  }
  return (near, far) => {
    const [isNearInside, isFarInside] = [isInside(near), isInside(far)]
    return (
      (isNearInside || isFarInside) &&
      (isNearInside || !near.startsWith('k8s:')) &&
      (isFarInside || !far.startsWith('k8s:'))
    )
  }
}
