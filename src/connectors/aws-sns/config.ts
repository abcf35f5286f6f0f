import { awsComplaint, awsFields, awsSinkFields } from '../../messaging/aws-settings.ts'
import { defineSchema, text, type ConfigOf } from '../../schema/index.ts'

export const snsSchema = defineSchema({
  type: 'aws-sns',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to an Amazon SNS topic and waits until each is stored',
  fields: {
    topic_arn: text(
      {
        description:
          'ARN of the topic. A topic with a name that ends in `.fifo` preserves the order of events with the same key',
        required: true,
        example: 'arn:aws:sns:eu-central-1:123456789012:weir.fifo',
      },
      {
        pattern: /arn:[\w-]+:sns:[a-z0-9-]+:\d+:[\w-]+(?:\.fifo)?/,
        expects: 'the ARN of a topic, arn:aws:sns:REGION:ACCOUNT:NAME',
      },
    ),
    ...awsFields,
    ...awsSinkFields,
  },
  check: ({ topic_arn: arn, ...message }) => awsComplaint(arn, message),
})

export type SnsConfig = ConfigOf<typeof snsSchema>
