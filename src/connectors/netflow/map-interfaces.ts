import type { InterfaceNames } from '../../codecs/templates/interface-names.ts'
import { formatIp, parseIp } from '../../model/ip.ts'
import { integer, list, defineSchema, group, parseYaml, text, validate, type Problem } from '../../schema/index.ts'

export const interfacesSchema = defineSchema({
  type: 'interfaces',
  role: 'setting',
  summary: 'Names of exporter interfaces',
  fields: {
    interfaces: list(
      group(
        {
          exporter: text({ description: 'Address of the exporter', required: true, example: '192.0.2.1' }),
          index: integer(
            { description: 'Index of the interface', required: true, example: 3 },
            { min: 0, max: 0xffffffff },
          ),
          name: text({ description: 'Name of the interface', required: true, example: 'uplink' }),
        },
        { description: 'One interface', required: true, example: { exporter: '192.0.2.1', index: 3, name: 'uplink' } },
      ),
      {
        description: 'Interfaces and their names',
        default: [],
        example: [{ exporter: '192.0.2.1', index: 3, name: 'uplink' }],
      },
    ),
  },
})

/** Throws the error with its location in the file. */
export function readInterfaces(content: string, file: string): ReadonlyMap<string, InterfaceNames> {
  const result = validate(interfacesSchema, parseYaml(content, file))
  if (result.problems !== undefined) throw new Error(describe(result.problems))
  const names = new Map<string, Map<number, string>>()
  for (const { exporter, index, name } of result.value.interfaces) {
    const words = parseIp(exporter)
    if (words === undefined) throw new Error(`${file}: \`${exporter}\` is not an address`)
    const address = formatIp(words)
    const existing = names.get(address) ?? new Map<number, string>()
    names.set(address, existing.set(index, name))
  }
  return names
}

function describe(problems: readonly Problem[]) {
  return problems
    .slice(0, 3)
    .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
    .join(' | ')
}
