import { placeholders, rowTemplate, unknownPlaceholder } from '../../../messaging/row-template.ts'
import type { SinkRow } from '../../../engine/delivery/rows.ts'
import { Complaint } from '../../../schema/values.ts'

const maxTopicLength = 249
/** Topics for them may be created. */
const fewValues = new Set(['{family}', '{type}'])

export function topicOf(template: string): (row: SinkRow) => string {
  const name = rowTemplate(template, (value) => value.replaceAll(/[^\w.-]/g, '_') || '_')
  return (row) => name(row).slice(0, maxTopicLength)
}

export function topicProblem(template: string, { create }: Readonly<{ create: boolean }>): Complaint | undefined {
  const unknown = unknownPlaceholder(template)
  if (unknown !== undefined)
    return new Complaint(
      `\`${unknown}\` is not a placeholder of a topic`,
      `use ${placeholders.map((name) => `{${name}}`).join(' ')}`,
      ['topic'],
    )
  const found = template.match(/\{[a-z]+\}/g) ?? []
  const rest = template.replaceAll(/\{[a-z]+\}/g, '')
  if (!/^[\w.-]*$/.test(rest) || template.length > maxTopicLength || /^\.{0,2}$/.test(template)) {
    return new Complaint(
      `\`${template}\` is not a topic name`,
      `use at most ${maxTopicLength} letters, digits, dots, \`-\` and \`_\``,
      ['topic'],
    )
  }
  // Protects internal topics such as __consumer_offsets.
  if (found.length > 0 && !/^[A-Za-z0-9]/.test(template))
    return new Complaint(
      `\`${template}\` could produce any topic name`,
      'begin `topic` with a letter or a digit, such as `weir.`',
      ['topic'],
    )
  const many = create ? found.find((text) => !fewValues.has(text)) : undefined
  return many === undefined
    ? undefined
    : new Complaint(
        `topics for every \`${many}\` can't be created`,
        'remove `create_topic`, or use only {family} and {type}',
        ['create_topic'],
      )
}
