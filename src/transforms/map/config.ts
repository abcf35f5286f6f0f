import { Complaint } from '../../schema/complaint.ts'
import { defineSchema, list, mapping, text, type ConfigOf } from '../../schema/index.ts'
import { flowField, resolveFieldName } from '../../model/fields.ts'
import { isEventField, isFlowField, unknownField } from '../rows/fields.ts'
import { readService } from './services.ts'

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
    copy: mapping(text({ description: 'The name of the copy', required: true, example: 'client_port' }), {
      description: 'Names of copies by field; as `rename`, but the field stays',
      default: {},
      example: { src_port: 'client_port' },
    }),
    drop: list(text({ description: 'A field of flows or events', required: true, example: 'src_mac' }), {
      description: 'Fields to remove',
      default: null,
      usual: true,
      example: ['src_mac', 'dst_mac', 'data.password'],
    }),
    keep: list(text({ description: 'A field of flows, or a member of `extra`', required: true, example: 'bytes' }), {
      description:
        'Fields of flows to retain; all others are removed. Copies, new names and `set` are added. Unset: all',
      default: null,
      example: ['src_addr', 'dst_addr', 'bytes'],
    }),
    set: mapping(expressionField, {
      description:
        'Expressions by field, evaluated on the row as it was received. `null` removes the field. Of flows, a name ' +
        'that is no field becomes a member of `extra`',
      default: {},
      example: { scope: '"prod"', 'data.total': 'event.data.price * event.data.count' },
    }),
    services: mapping(text({ description: 'The name', required: true, example: 'shop-api' }), {
      description: 'Names of ports by PORT/PROTOCOL for `service`, before the built-in ones',
      default: {},
      example: { '7443/tcp': 'shop-api' },
    }),
  },
  check({ rename, copy, drop, keep, set, services }) {
    const changes = [rename, copy, set].reduce((sum, members) => sum + Object.keys(members).length, (drop ?? []).length)
    if (changes === 0 && keep === null)
      return new Complaint('changes nothing', 'add `rename`, `copy`, `drop`, `keep` or `set`')
    for (const [from, to] of Object.entries(rename)) {
      const problem =
        unknownField(from, ['rename', from]) ??
        (isFixed(from) ? fixed(from, ['rename', from]) : copyProblem(from, to, ['rename', from]))
      if (problem !== undefined) return problem
    }
    for (const [from, to] of Object.entries(copy)) {
      const problem = unknownField(from, ['copy', from]) ?? copyProblem(from, to, ['copy', from])
      if (problem !== undefined) return problem
    }
    for (const [index, name] of (drop ?? []).entries()) {
      const problem = unknownField(name, ['drop', index]) ?? (isFixed(name) ? fixed(name, ['drop', index]) : undefined)
      if (problem !== undefined) return problem
    }
    for (const key of Object.keys(services))
      if (readService(key) === undefined)
        return new Complaint(`\`${key}\` is no port`, 'write PORT/PROTOCOL, for example `7443/tcp`', ['services', key])
    return null
  },
})

const isFixed = (name: string) => ['id', 'source', 'type', 'family'].includes(name) && !isFlowField(name)
const fixed = (name: string, path: readonly (string | number)[]) =>
  new Complaint(`every event has \`${name}\``, 'set it to another value instead', path)

function copyProblem(from: string, to: string, path: readonly string[]): Complaint | undefined {
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
