import type { Endpoint } from '../../model/endpoint.ts'

export type Place = Readonly<{
  label?: string
  namespace?: string
  cluster?: string
}>

const between = '\u0000'

export function placeText({
  label,
  namespace,
  cluster,
}: Pick<Endpoint, 'label' | 'namespace' | 'cluster'>): string | undefined {
  return namespace === undefined && cluster === undefined
    ? label
    : [label ?? '', namespace ?? '', cluster ?? ''].join(between)
}

export function placeOfText(text: string): Place {
  if (!text.includes(between)) return { label: text }
  const [label = '', namespace = '', cluster = ''] = text.split(between)
  return {
    ...(label === '' ? {} : { label }),
    ...(namespace === '' ? {} : { namespace }),
    ...(cluster === '' ? {} : { cluster }),
  }
}
