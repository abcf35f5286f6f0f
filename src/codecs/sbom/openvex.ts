/** OpenVEX 0.2: statements that a product is, or is not, affected by a vulnerability. */
import type { WaiverData } from '../../model/image-insights.ts'
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { aliasesOf } from './aliases.ts'
import { clipped, listOf, recordsOf, textsOf } from './collect.ts'
import { digestIn, imageOfPurl } from './image.ts'
import { readPurl } from './purl.ts'
import { ReportError, type Report } from './report.ts'

const statuses = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const

/** A statement that is not readable costs itself only; `skipped` counts those. */
export function readOpenVex(document: Fields): Report {
  const author = textOf(document['author'])
  // Documents without an id are distinguished by their author: of equal statements the newest counts.
  const id = textOf(document['@id']) ?? textOf(document['id']) ?? `openvex:${author ?? ''}`
  const waivers: WaiverData[] = []
  const reasons: string[] = []
  for (const statement of listOf(document['statements']))
    try {
      waivers.push(...waiversOf(fieldsOf(statement), id, author))
    } catch (error) {
      if (!(error instanceof ReportError)) throw error
      reasons.push(error.message)
    }
  const [reason] = reasons
  if (reason !== undefined && waivers.length === 0) throw new ReportError('malformed', reason)
  return {
    format: 'openvex',
    tool: withoutUndefined({ name: 'openvex', version: textOf(document['version']) }),
    image: {},
    waivers,
    ...(reason === undefined ? {} : { skipped: reasons.length, skippedReason: reason }),
  }
}

function waiversOf(statement: Fields, document: string, author: string | undefined): WaiverData[] {
  const about = statement['vulnerability']
  const named = textOf(about) ?? textOf(fieldsOf(about)['name']) ?? textOf(fieldsOf(about)['@id'])
  // As a URL such as https://nvd.nist.gov/vuln/detail/CVE-2022-3715.
  const id = named?.includes('://') === true ? (vulnerabilityIn(named) ?? named) : named
  const status = statuses.find((name) => name === statement['status'])
  if (id === undefined)
    throw new ReportError('malformed', 'A statement of the OpenVEX document names no vulnerability.')
  if (status === undefined) throw new ReportError('malformed', `The status of ${id} is none of ${statuses.join(', ')}.`)
  const common = {
    id,
    aliases: aliasesOf(id, textsOf(fieldsOf(about)['aliases'])),
    status,
    justification: textOf(statement['justification']),
    impact: clipped(textOf(statement['impact_statement'])),
    action: clipped(textOf(statement['action_statement'])),
    author,
    document,
  }
  return placesOf(statement).map((position) => withoutUndefined<WaiverData>({ ...common, ...position }))
}

function vulnerabilityIn(url: string): string | undefined {
  return /(?:CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3})/i.exec(url)?.[0]
}

type Place = Pick<WaiverData, 'image' | 'purl'>

const isImage = /^(?:oci|docker)$/

/** A product is an image, with packages as subcomponents, or a package. */
function placesOf(statement: Fields): Place[] {
  const products = listOf(statement['products'])
  const places = products.flatMap((product): Place[] => {
    const written = identifierOf(product)
    const image = imageOfPurl(written).digest ?? (readPurl(written) === undefined ? digestIn(written) : undefined)
    if (image === undefined) {
      const url = readPurl(written)
      return url === undefined || isImage.test(url.type) ? [] : [{ purl: url.base }]
    }
    const parts = recordsOf(fieldsOf(product)['subcomponents']).flatMap((part) => {
      const purl = readPurl(identifierOf(part))?.base
      return purl === undefined ? [] : [{ image, purl }]
    })
    return parts.length === 0 ? [{ image }] : parts
  })
  if (places.length > 0) return places
  const names = products.map((product) => identifierOf(product) ?? '').join(', ')
  throw new ReportError(
    'malformed',
    `No product is the package URL of a package, or has the digest of an image: ${names}`,
  )
}

function identifierOf(product: unknown): string | undefined {
  if (typeof product === 'string') return product
  const fields = fieldsOf(product)
  return textOf(fieldsOf(fields['identifiers'])['purl']) ?? textOf(fields['@id'])
}
