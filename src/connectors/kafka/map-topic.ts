import type { SinkRow } from '../../engine/rows.ts'
import { Complaint } from '../../schema/index.ts'

export const placeholders = ['family', 'type', 'source', 'subject', 'key', 'ref'] as const
type Placeholder = (typeof placeholders)[number]

/** Longest name that brokers take. */
const longestTopic = 249
/** Of these there are only so many values that a topic for each may be made. */
const few: ReadonlySet<string> = new Set(['{family}', '{type}'])

/** Makes the topic of a row from a template such as `weir.{family}`. */
export function topicOf(template: string): (row: SinkRow) => string {
  const parts = template.split(/\{([a-z]+)\}/)
  if (parts.length === 1) return () => template
  return (row) => parts.map((part, index) => (index % 2 === 0 ? part : safe(valueOf(row, part as Placeholder)))).join('').slice(0, longestTopic)
}

/** Undefined: it names a topic for every event. */
export function topicProblem(template: string, create: boolean): Complaint | undefined {
  const found = template.match(/\{[^{}]*\}/g) ?? []
  const unknown = found.find((one) => !(placeholders as readonly string[]).includes(one.slice(1, -1)))
  if (unknown !== undefined) return new Complaint(`\`${unknown}\` is not known in a topic`, `use ${placeholders.map((name) => `{${name}}`).join(' ')}`, ['topic'])
  const rest = template.replaceAll(/\{[a-z]+\}/g, '')
  if (!/^[\w.-]*$/.test(rest) || template.length > longestTopic || /^\.{0,2}$/.test(template)) {
    return new Complaint(`\`${template}\` is not the name of a topic`, `write letters, digits, dots, \`-\` and \`_\`, ${longestTopic} at most`, ['topic'])
  }
  // What an event holds must not choose one of Kafka's own topics, such as __consumer_offsets.
  if (found.length > 0 && !/^[A-Za-z0-9]/.test(template)) return new Complaint(`\`${template}\` could become the name of any topic`, 'begin `topic` with a letter or a digit, such as `weir.`', ['topic'])
  const many = create ? found.find((one) => !few.has(one)) : undefined
  return many === undefined ? undefined : new Complaint(`a topic for every \`${many}\` can't be made`, 'leave out `create_topic`, or use {family} and {type} alone', ['create_topic'])
}

function valueOf({ event, family, key }: SinkRow, name: Placeholder): string | undefined {
  switch (name) {
    case 'family': return family
    case 'type': return event.type
    case 'source': return event.source
    case 'subject': return event.subject
    case 'key': return key
    case 'ref': return event.ref
  }
}

function safe(value: string | undefined): string {
  return (value ?? '').replaceAll(/[^\w.-]/g, '_') || '_'
}
