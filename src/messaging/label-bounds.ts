import type { LabelBounds } from '../schema/label-fields.ts'

export type LabelFault = Readonly<{
  reason: 'label_name_too_long' | 'label_value_too_long' | 'too_many_labels' | 'invalid_utf8' | 'duplicate_label'
  message: string
}>

const shown = 64

export function tooManyLabels(count: number, { max_labels: most }: LabelBounds): LabelFault | undefined {
  if (count <= most) return undefined
  return { reason: 'too_many_labels', message: `it has ${count} labels, more than ${most} (\`max_labels\`)` }
}

/** Sizes in bytes. */
export function labelTooLong(
  name: Readonly<{ bytes: number; text: () => string }>,
  valueBytes: number,
  { max_label_name, max_label_value }: LabelBounds,
): LabelFault | undefined {
  if (name.bytes > max_label_name)
    return {
      reason: 'label_name_too_long',
      message:
        `the label name ${name.text().slice(0, shown)}… has ${name.bytes} bytes, more than ${max_label_name} ` +
        '(`max_label_name`)',
    }
  if (valueBytes > max_label_value)
    return {
      reason: 'label_value_too_long',
      message:
        `the value of label ${name.text().slice(0, shown)} has ${valueBytes} bytes, more than ${max_label_value} ` +
        '(`max_label_value`)',
    }
  return undefined
}

export function labelsFault(labels: Readonly<Record<string, string>>, bounds: LabelBounds): LabelFault | undefined {
  let count = 0
  for (const name in labels) {
    count++
    const value = labels[name]!
    if (!mayExceed(name, bounds.max_label_name) && !mayExceed(value, bounds.max_label_value)) continue
    const long = labelTooLong({ bytes: Buffer.byteLength(name), text: () => name }, Buffer.byteLength(value), bounds)
    if (long !== undefined) return long
  }
  return tooManyLabels(count, bounds)
}

/** A character has at most three bytes in UTF-8 for each unit. */
const mayExceed = (text: string, bytes: number) => 3 * text.length > bytes
