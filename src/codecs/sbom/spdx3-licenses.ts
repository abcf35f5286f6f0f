/** Licenses of SPDX 3.0: expressions, and elements that compose one. */
import { fieldsOf, textOf, type Fields } from '../../model/json.ts'
import { listOf } from './collect.ts'

const maxDepth = 20
/** IRIs of listed licenses, and ids of custom ones. */
const idForm = /(?:^https?:\/\/spdx\.org\/licenses\/|^.*(?=(?:Document|License)Ref-[^/#]*$))([^/#]+)$/
const absent = /\b(?:NOASSERTION|NONE)$|No(?:Assertion|ne)(?:License|Element)?$/

/** The text of a license; undefined for none, no assertion and elements that the document does not define. */
export function licenseText(target: unknown, byId: ReadonlyMap<string, Fields>, depth = 0): string | undefined {
  const id = textOf(target) ?? textOf(fieldsOf(target)['spdxId'] ?? fieldsOf(target)['@id']) ?? ''
  if (absent.test(id) || depth > maxDepth) return undefined
  const element = byId.get(id) ?? fieldsOf(target)
  const part = (member: string): string | undefined =>
    licenseText(element[`expandedlicensing_${member}`], byId, depth + 1)
  switch (textOf(element['type'] ?? element['@type'])?.replace(/^.*_/, '')) {
    case 'ConjunctiveLicenseSet':
      return composed(element, ' AND ', byId, depth)
    case 'DisjunctiveLicenseSet':
      return composed(element, ' OR ', byId, depth)
    case 'OrLaterOperator':
      return joined([part('subjectLicense')], '', '+')
    case 'WithAdditionOperator':
      return joined([part('subjectExtendableLicense'), part('subjectAddition')], ' WITH ')
    default: {
      // Some programs leave the prefix of the profile out.
      const written = textOf(element['simplelicensing_licenseExpression'] ?? element['licenseExpression'])
      return written ?? idForm.exec(id)?.[1] ?? textOf(element['name'])
    }
  }
}

function composed(set: Fields, operator: string, byId: ReadonlyMap<string, Fields>, depth: number): string | undefined {
  const members = listOf(set['expandedlicensing_member']).map((member) => licenseText(member, byId, depth + 1))
  return joined(
    members.map((member) => (member !== undefined && / (?:AND|OR) /.test(member) ? `(${member})` : member)),
    operator,
  )
}

/** An expression with an unknown part is unknown. */
function joined(parts: readonly (string | undefined)[], operator: string, suffix = ''): string | undefined {
  return parts.length === 0 || parts.includes(undefined) ? undefined : `${parts.join(operator)}${suffix}`
}
