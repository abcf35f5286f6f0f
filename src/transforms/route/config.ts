import { filterField } from '../../schema/filter-field.ts'
import { Complaint } from '../../schema/complaint.ts'
import { defineSchema, mapping, text, type ConfigOf } from '../../schema/index.ts'

const outputName = /[a-z0-9][a-z0-9_-]{0,30}/
const whole = new RegExp(`^${outputName.source}$`)

export const routeSchema = defineSchema({
  type: 'route',
  role: 'transform',
  summary: 'Splits rows by filters into several sources',
  fields: {
    routes: mapping(filterField({ description: 'Rows of this output', required: true, example: 'family = audit' }), {
      description: 'Outputs by name, in order: a row goes to the first with a matching filter, as source `<id>.<name>`',
      required: true,
      example: { web: 'dst.port in (80, 443)', dns: 'dst.port = 53' },
    }),
    else: text(
      {
        description: 'Output of the rows that match no filter. Unset: they are filtered',
        default: null,
        example: 'rest',
      },
      { pattern: outputName, expects: 'lower-case letters, digits, `-` and `_`' },
    ),
  },
  check: ({ routes, else: rest }) => {
    if (Object.keys(routes).length === 0)
      return new Complaint('names no output', 'for example `web: dst.port = 443`', ['routes'])
    for (const name of Object.keys(routes))
      if (!whole.test(name))
        return new Complaint(`\`${name}\` is not a name of an output`, 'use lower-case letters, digits, `-` and `_`', [
          'routes',
          name,
        ])
    return rest !== null && Object.hasOwn(routes, rest)
      ? new Complaint(`\`${rest}\` is also one of \`routes\``, 'choose another name', ['else'])
      : null
  },
})

export function routeOutputs({ routes, else: rest }: Pick<RouteConfig, 'routes' | 'else'>): readonly string[] {
  return [...Object.keys(routes), ...(rest === null ? [] : [rest])]
}

export type RouteConfig = ConfigOf<typeof routeSchema>
