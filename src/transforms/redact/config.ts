import { defineSchema, list, text, type ConfigOf } from '../../schema/index.ts'

export const redactSchema = defineSchema({
  type: 'redact',
  role: 'transform',
  summary: 'Replaces values inside the JSON data of events before they are delivered',
  fields: {
    fields: list(
      text({
        description: 'Path in the data; `*` stands for every key or element',
        required: true,
        example: 'user.password',
      }),
      {
        description: 'Values to replace',
        required: true,
        example: ['user.password', 'items.*.token'],
      },
    ),
    replacement: text({ description: 'Replacement text', default: '[redacted]' }),
  },
})

export type RedactConfig = ConfigOf<typeof redactSchema>
