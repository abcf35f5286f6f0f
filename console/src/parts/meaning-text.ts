import type { CompletedMeaning } from '../../../src/api/published.ts'
import { filterText } from '../text/filter.ts'

export function meaningText({ is, value, end, port, field = '' }: Omit<CompletedMeaning, 'filter'>): string {
  switch (is) {
    case 'address':
    case 'network':
      return end === undefined ? filterText.addressIs(value) : filterText.addressOf(filterText[end], value)
    case 'socket':
      return filterText.endIs(filterText[end ?? 'any'], port === undefined ? value : `${bracketed(value)}:${port}`)
    case 'port':
      return portTexts[end ?? 'any'](portName(value.replace(/^:/, ''), port))
    case 'protocol':
      return filterText.protocolIs(value.toUpperCase())
    case 'text':
      return filterText.contains(value)
    case 'value':
      return filterText.fieldIs(field, value)
  }
}

const portTexts = { any: filterText.portIs, src: filterText.sourcePort, dst: filterText.servicePort } as const
const portName = (written: string, port: number | undefined) =>
  port === undefined || String(port) === written ? written : filterText.portNamed(String(port), written)
const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address)
