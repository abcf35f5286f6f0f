import { awsComplaint, awsFields, awsSinkFields } from '../../messaging/aws-settings.ts'
import { defineSchema, text, type ConfigOf } from '../../schema/index.ts'

export const snsSchema = defineSchema({
  type: 'aws-sns',
  role: 'sink',
  summary: 'Publishes events as CloudEvents to a topic of Amazon SNS, and waits until it has each of them',
  fields: {
    topic_arn: text(
      {
        description: 'ARN of the topic; one that ends in `.fifo` keeps the events of a key in order',
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
