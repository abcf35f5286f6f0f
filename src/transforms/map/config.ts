import { Complaint } from '../../schema/complaint.ts'
import { defineSchema, list, mapping, text, type ConfigOf } from '../../schema/index.ts'
import { flowField, resolveFieldName } from '../../model/fields.ts'
import { isEventField, isFlowField, unknownField } from '../rows/fields.ts'

const expressionField = text({
  description: 'An expression in CEL, with the row as `flow` or `event`',
  required: true,
  example: 'flow.src_namespace == "shop" ? "internal" : "other"',
})

export const mapSchema = defineSchema({
  type: 'map',
  role: 'transform',
  summary: 'Renames, drops and sets fields',
  fields: {
    rename: mapping(text({ description: 'The new name', required: true, example: 'scope' }), {
      description: 'New names by old name. Of flows, a new name that is no field becomes a member of `extra`',
      default: {},
      example: { in_if_name: 'uplink', 'data.usr': 'data.user' },
    }),
    drop: list(text({ description: 'A field of flows or events', required: true, example: 'src_mac' }), {
      description: 'Fields to remove',
      default: null,
      usual: true,
      example: ['src_mac', 'dst_mac', 'data.password'],
    }),
    set: mapping(expressionField, {
      description:
        'Expressions by field, evaluated on the row as it was received. `null` removes the field. Of flows, a name ' +
        'that is no field becomes a member of `extra`',
      default: {},
      example: { scope: '"prod"', 'data.total': 'event.data.price * event.data.count' },
    }),
  },
  check({ rename, drop, set }) {
    if (Object.keys(rename).length + (drop ?? []).length + Object.keys(set).length === 0)
      return new Complaint('changes nothing', 'add `rename`, `drop` or `set`')
    for (const [from, to] of Object.entries(rename)) {
      const problem = unknownField(from, ['rename', from]) ?? renameProblem(from, to)
      if (problem !== undefined) return problem
    }
    for (const [index, name] of (drop ?? []).entries()) {
      const problem = unknownField(name, ['drop', index]) ?? (isFixed(name) ? fixed(name, ['drop', index]) : undefined)
      if (problem !== undefined) return problem
    }
    return null
  },
})

const isFixed = (name: string): boolean => ['id', 'source', 'type', 'family'].includes(name) && !isFlowField(name)
const fixed = (name: string, path: readonly (string | number)[]): Complaint =>
  new Complaint(`every event has \`${name}\``, 'set it to another value instead', path)

function renameProblem(from: string, to: string): Complaint | undefined {
  const path = ['rename', from]
  if (isFixed(from)) return fixed(from, path)
  const [source, target] = [flowField(resolveFieldName(from) ?? ''), flowField(resolveFieldName(to) ?? '')]
  if (source !== undefined && target !== undefined && source.kind !== target.kind)
    return new Complaint(
      `\`${from}\` is of kind ${source.kind} and \`${to}\` of kind ${target.kind}`,
      'convert it with `set`',
      path,
    )
  if (source === undefined && isEventField(from) && !isEventField(to))
    return new Complaint(`\`${to}\` is no field of events`, 'for example `data.user`', path)
  return undefined
}

export type MapConfig = ConfigOf<typeof mapSchema>
