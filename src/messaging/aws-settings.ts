import {
  bytes,
  Complaint,
  messageComplaint,
  messageFields,
  packFields,
  secret,
  text,
  tls,
  urlText,
  variants,
  type Secret,
  type Tls,
} from '../schema/index.ts'

const auth = variants(
  {
    default: {
      profile: text({
        description:
          'Profile of the shared configuration files, which may assume a role (`role_arn`). Unset: the ' +
          'profile of the environment',
        default: null,
        example: 'weir',
      }),
    },
    keys: {
      access_key_id: text({ description: 'Id of the access key', required: true, example: 'AKIAIOSFODNN7EXAMPLE' }),
      secret_access_key: secret({
        description: 'Secret access key',
        required: true,
        example: 'file:/run/secrets/aws-secret-access-key',
      }),
      session_token: secret({
        description: 'Session token of temporary credentials',
        default: null,
        example: 'file:/run/secrets/aws-session-token',
      }),
    },
  },
  {
    description:
      'Authentication. `default` uses the AWS default credential chain (environment, web identity, shared ' +
      'files, container, instance). `keys` uses an access key. Credentials are re-read after each refusal',
    default: { type: 'default' },
  },
)

export const awsFields = {
  region: text(
    {
      description: 'AWS region. Unset: the region in the URL or ARN, else that of environment or profile',
      default: null,
      example: 'eu-central-1',
    },
    { pattern: /[a-z0-9-]+/, expects: 'a region such as eu-central-1' },
  ),
  endpoint: urlText(
    {
      description: 'Endpoint URL instead of the public one, for example of a VPC endpoint',
      default: null,
      example: 'https://vpce-1a2b-3c4d.sqs.eu-central-1.vpce.amazonaws.com',
    },
    { schemes: ['https', 'http'] },
  ),
  auth,
  tls,
}

export const awsSinkFields = {
  max_message: bytes(
    {
      description:
        'Maximum size of body and attributes of a message, and of a request; raise it only if AWS permits more',
      default: '256KiB',
    },
    { min: '1KiB', max: '1MiB' },
  ),
  group: text(
    { description: 'Message group of events without a key, in FIFO queues and topics', default: 'weir' },
    { pattern: /[!-~]{1,128}/, expects: 'up to 128 letters, digits and signs, without spaces' },
  ),
  ...messageFields('structured'),
  ...packFields,
}

export type AwsConfig = Readonly<{
  region: string | null
  endpoint: string | null
  timeout: number
  auth:
    | Readonly<{ type: 'default'; profile: string | null }>
    | Readonly<{ type: 'keys'; access_key_id: string; secret_access_key: Secret; session_token: Secret | null }>
  tls: Tls | null
}>

export function awsComplaint(address: string, config: Parameters<typeof messageComplaint>[0]): Complaint | null {
  if (config.oversize === 'split' && address.endsWith('.fifo'))
    return new Complaint(
      'a FIFO queue delivers at most ten messages of a group before they are deleted, so that parts could ' +
        'not be joined',
      'set `oversize: claim-check`',
      ['oversize'],
    )
  if (config.mode === 'binary')
    return new Complaint(
      'a message supports ten attributes, which is too few for those of a CloudEvent',
      'set `mode: structured`, `mode: protobuf` or `mode: raw`',
      ['mode'],
    )
  if (config.codec === 'kollect' && config.mode === 'structured')
    return new Complaint(
      "kollect's messages are binary and would be base64 in JSON",
      "set `mode: raw`, as kollect's consumers expect",
      ['mode'],
    )
  return messageComplaint(config)
}
