import { placeholders, rowTemplate, unknownPlaceholder } from '../../messaging/row-template.ts'
import type { SinkRow } from '../../engine/delivery/rows.ts'
import { Complaint } from '../../schema/values.ts'

/** Longest name that brokers take. */
const longestTopic = 249
/** Of these there are only so many values that a topic for each may be made. */
const few: ReadonlySet<string> = new Set(['{family}', '{type}'])

/** Makes the topic of a row from a template such as `weir.{family}`. */
export function topicOf(template: string): (row: SinkRow) => string {
  const name = rowTemplate(template, (value) => value.replaceAll(/[^\w.-]/g, '_') || '_')
  return (row) => name(row).slice(0, longestTopic)
}

/** Undefined: it names a topic for every event. */
export function topicProblem(template: string, create: boolean): Complaint | undefined {
  const unknown = unknownPlaceholder(template)
  if (unknown !== undefined)
    return new Complaint(
      `\`${unknown}\` is not known in a topic`,
      `use ${placeholders.map((name) => `{${name}}`).join(' ')}`,
      ['topic'],
    )
  const found = template.match(/\{[a-z]+\}/g) ?? []
  const rest = template.replaceAll(/\{[a-z]+\}/g, '')
  if (!/^[\w.-]*$/.test(rest) || template.length > longestTopic || /^\.{0,2}$/.test(template)) {
    return new Complaint(
      `\`${template}\` is not the name of a topic`,
      `write letters, digits, dots, \`-\` and \`_\`, ${longestTopic} at most`,
      ['topic'],
    )
  }
  // What an event holds must not choose one of Kafka's own topics, such as __consumer_offsets.
  if (found.length > 0 && !/^[A-Za-z0-9]/.test(template))
    return new Complaint(
      `\`${template}\` could become the name of any topic`,
      'begin `topic` with a letter or a digit, such as `weir.`',
      ['topic'],
    )
  const many = create ? found.find((one) => !few.has(one)) : undefined
  return many === undefined
    ? undefined
    : new Complaint(
        `a topic for every \`${many}\` can't be made`,
        'leave out `create_topic`, or use {family} and {type} alone',
        ['create_topic'],
      )
}
