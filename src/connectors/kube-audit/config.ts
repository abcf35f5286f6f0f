import {
  bytes,
  choice,
  Complaint,
  defineSchema,
  flag,
  leastToken,
  list,
  listen,
  secret,
  text,
  type ConfigOf,
} from '../../schema/index.ts'
import { listenerTls } from '../../schema/listener-tls.ts'

const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const

const loopback = /^(?:127\.|::1$|localhost$)/

export const kubeAuditSchema = defineSchema({
  type: 'kube-audit',
  role: 'source',
  summary: 'Receives the audit log of a Kubernetes API server: actor, action, client address and outcome',
  fields: {
    cluster: text(
      {
        description: 'Name of the cluster in every event; use the same name in the source `kubernetes` that watches it',
        required: true,
        example: 'prod-eu',
      },
      { pattern: /[A-Za-z0-9][\w.-]{0,99}/, expects: 'a name of letters, digits, `.`, `_` and `-`' },
    ),
    listen: listen({
      description: 'Address for audit webhook batches: `POST /audit`',
      default: '127.0.0.1:9443',
    }),
    tls: listenerTls('the API server'),
    token: secret(
      {
        description: 'Bearer token that each request must contain; an API server sends it over TLS only',
        default: null,
        example: 'env:AUDIT_TOKEN',
      },
      { least: leastToken },
    ),
    stages: list(choice(auditStages, { description: 'A stage', required: true, example: 'ResponseComplete' }), {
      description: 'Stages of a request to accept',
      default: ['ResponseComplete'],
      example: ['ResponseComplete', 'Panic'],
    }),
    verbs: list(
      text(
        { description: 'A verb', required: true, example: 'create' },
        { pattern: /[a-z]+/, expects: 'a verb such as `create`' },
      ),
      {
        description: 'Verbs to accept; empty: all',
        default: ['create', 'update', 'patch', 'delete', 'deletecollection'],
        example: ['create', 'delete'],
      },
    ),
    interactive: flag({
      description:
        'Also accept each `exec`, `attach`, `portforward` and `proxy`, whatever its verb, once, at its start: their ' +
        'end may be hours later',
      default: true,
    }),
    max_body: bytes(
      { description: 'Maximum size of a batch, before and after decompression', default: '16MiB' },
      { min: '64KiB', max: '256MiB' },
    ),
  },
  check({ listen: places, tls, token }) {
    const open = places.findIndex(({ host }) => !loopback.test(host))
    if (open < 0 || token !== null || tls?.client_ca_file != null) return null
    return new Complaint(
      'any client that reaches this address could write into the audit log',
      'set `token` or `tls.client_ca_file`, or listen on 127.0.0.1',
      ['listen'],
    )
  },
})

export type KubeAuditConfig = ConfigOf<typeof kubeAuditSchema>
