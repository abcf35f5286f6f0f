/** OpenVEX 0.2: statements that a product is, or is not, affected by a vulnerability. */
import type { WaiverData } from '../../model/image-insights.ts'
import { fieldsOf, known, textOf, type Fields } from '../../model/json.ts'
import { clipped, recordsOf, textsOf } from './collect.ts'
import { digestIn, imageOfPurl } from './image.ts'
import { readPurl } from './purl.ts'
import { ReportError, type Report } from './report.ts'

const statuses = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const

export function readOpenVex(document: Fields): Report {
  const id = textOf(document['@id'])
  if (id === undefined) throw new ReportError('malformed', 'The OpenVEX document has no "@id".')
  const waivers = recordsOf(document['statements']).flatMap((statement) =>
    waiversOf(statement, id, textOf(document['author'])),
  )
  return {
    format: 'openvex',
    tool: known({ name: 'openvex', version: textOf(document['version']) }),
    image: {},
    waivers,
  }
}

function waiversOf(statement: Fields, document: string, author: string | undefined): WaiverData[] {
  const about = statement['vulnerability']
  const id = textOf(about) ?? textOf(fieldsOf(about)['name'])
  const status = statuses.find((each) => each === statement['status'])
  if (id === undefined)
    throw new ReportError('malformed', 'A statement of the OpenVEX document names no vulnerability.')
  if (status === undefined) throw new ReportError('malformed', `The status of ${id} is none of ${statuses.join(', ')}.`)
  const common = {
    id,
    aliases: textsOf(fieldsOf(about)['aliases']),
    status,
    justification: textOf(statement['justification']),
    impact: clipped(textOf(statement['impact_statement'])),
    action: clipped(textOf(statement['action_statement'])),
    author,
    document,
  }
  return placesOf(statement).map((place) => known<WaiverData>({ ...common, ...place }))
}

type Place = Pick<WaiverData, 'image' | 'purl'>

/** A product is an image, with packages as subcomponents, or a package. */
function placesOf(statement: Fields): Place[] {
  const products = Array.isArray(statement['products']) ? statement['products'] : []
  return products.flatMap((product): Place[] => {
    const written = identifierOf(product)
    const image = imageOfPurl(written).digest ?? (readPurl(written) === undefined ? digestIn(written) : undefined)
    if (image === undefined) {
      const purl = readPurl(written)?.base
      if (purl === undefined)
        throw new ReportError('malformed', `A product is neither a package URL nor an image digest: ${written ?? ''}`)
      return [{ purl }]
    }
    const parts = recordsOf(fieldsOf(product)['subcomponents']).flatMap((part) => {
      const purl = readPurl(identifierOf(part))?.base
      return purl === undefined ? [] : [{ image, purl }]
    })
    return parts.length === 0 ? [{ image }] : parts
  })
}

function identifierOf(product: unknown): string | undefined {
  if (typeof product === 'string') return product
  const fields = fieldsOf(product)
  return textOf(fieldsOf(fields['identifiers'])['purl']) ?? textOf(fields['@id'])
}
