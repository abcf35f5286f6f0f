import { placeholders, rowTemplate, unknownPlaceholder } from '../../messaging/row-template.ts'
import type { SinkRow } from '../../engine/delivery/rows.ts'
import { Complaint } from '../../schema/values.ts'

/** Maximum length of a topic name. */
const maxTopicLength = 249
/** Placeholders with few values, for which topics may be created. */
const fewValues: ReadonlySet<string> = new Set(['{family}', '{type}'])

/** Returns the topic of a row by a template such as `weir.{family}`. */
export function topicOf(template: string): (row: SinkRow) => string {
  const name = rowTemplate(template, (value) => value.replaceAll(/[^\w.-]/g, '_') || '_')
  return (row) => name(row).slice(0, maxTopicLength)
}

/** Undefined if the template is valid for every event. */
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
  if (!/^[\w.-]*$/.test(rest) || template.length > maxTopicLength || /^\.{0,2}$/.test(template)) {
    return new Complaint(
      `\`${template}\` is not the name of a topic`,
      `write letters, digits, dots, \`-\` and \`_\`, ${maxTopicLength} at most`,
      ['topic'],
    )
  }
  // An event's content must not select an internal topic such as __consumer_offsets.
  if (found.length > 0 && !/^[A-Za-z0-9]/.test(template))
    return new Complaint(
      `\`${template}\` could become the name of any topic`,
      'begin `topic` with a letter or a digit, such as `weir.`',
      ['topic'],
    )
  const many = create ? found.find((one) => !fewValues.has(one)) : undefined
  return many === undefined
    ? undefined
    : new Complaint(
        `a topic for every \`${many}\` can't be made`,
        'leave out `create_topic`, or use {family} and {type} alone',
        ['create_topic'],
      )
}
