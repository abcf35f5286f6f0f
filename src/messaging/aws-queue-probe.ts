import type { Probe, ProbeContext } from '../engine/contracts.ts'
import { awsOptions } from './aws-client.ts'
import { awsFailure } from './aws-errors.ts'
import type { AwsConfig } from './aws-settings.ts'

export async function probeQueue(
  config: AwsConfig & { readonly queue_url: string },
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const { queue_url: url } = config
  const name = `queue ${url.slice(url.lastIndexOf('/') + 1)}`
  const { GetQueueAttributesCommand, SQSClient } = await import('@aws-sdk/client-sqs')
  const client = new SQSClient(await awsOptions(config, host, url))
  try {
    const {
      Attributes: {
        ApproximateNumberOfMessages: waiting,
        ApproximateNumberOfMessagesNotVisible: under,
        RedrivePolicy: policy,
      } = {},
    } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'RedrivePolicy'],
      }),
      { abortSignal: signal },
    )
    return {
      is: 'ok',
      message:
        `${name} exists; about ${waiting ?? '?'} messages are visible, ${under ?? '?'} are ` +
        `in flight${policy === undefined ? '' : ', and it has a RedrivePolicy'}`,
    }
  } catch (error) {
    const {
      attempt: { reason },
      denied,
    } = awsFailure(error, name, 'sqs:GetQueueAttributes')
    return denied
      ? {
          is: 'warn',
          message:
            `the credentials are valid, but the attributes of ${name} may not be read; permission to receive ` +
            'is unknown',
        }
      : { is: 'fail', message: reason }
  } finally {
    client.destroy()
  }
}
