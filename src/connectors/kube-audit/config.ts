import {
  bytes,
  choice,
  Complaint,
  defineSchema,
  filePath,
  group,
  leastToken,
  list,
  listen,
  secret,
  text,
  type ConfigOf,
} from '../../schema/index.ts'

export const auditStages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const

const loopback = /^(?:127\.|::1$|localhost$)/

export const kubeAuditSchema = defineSchema({
  type: 'kube-audit',
  role: 'source',
  summary: 'Receives the audit log of a Kubernetes API server: who asked for what, from where, and what was answered',
  fields: {
    cluster: text(
      {
        description:
          'Name of the cluster, in every event of it; the same as of the source `kubernetes` that watches it',
        required: true,
        example: 'prod-eu',
      },
      { pattern: /[A-Za-z0-9][\w.-]{0,99}/, expects: 'a name of letters, digits, `.`, `_` and `-`' },
    ),
    listen: listen({
      description: 'Where the API server sends batches to, over HTTP: `POST /audit`',
      default: '127.0.0.1:9443',
    }),
    tls: group(
      {
        cert_file: filePath(
          {
            description: 'Certificate with its chain, PEM; read again when it changes',
            required: true,
            example: '/etc/weir/tls.crt',
          },
          { holds: 'certificate' },
        ),
        key_file: filePath(
          { description: 'Private key of the certificate, PEM', required: true, example: '/etc/weir/tls.key' },
          { holds: 'key' },
        ),
        client_ca_file: filePath(
          {
            description:
              "Certificates of those who may have signed the API server's own, PEM; without one of these it is refused",
            default: null,
            example: '/etc/weir/client-ca.crt',
          },
          { holds: 'certificate' },
        ),
      },
      {
        description: 'TLS; left out, connections are plain',
        default: null,
        example: { cert_file: '/etc/weir/tls.crt', key_file: '/etc/weir/tls.key' },
      },
    ),
    token: secret(
      {
        description:
          'Token that each request must carry (`Authorization: Bearer …`); an API server shows it over TLS only',
        default: null,
        example: 'env:AUDIT_TOKEN',
      },
      { least: leastToken },
    ),
    stages: list(choice(auditStages, { description: 'A stage', required: true, example: 'ResponseComplete' }), {
      description: 'Stages of a request that are kept',
      default: ['ResponseComplete'],
      example: ['ResponseComplete', 'Panic'],
    }),
    verbs: list(
      text(
        { description: 'A verb', required: true, example: 'create' },
        { pattern: /[a-z]+/, expects: 'a verb such as `create`' },
      ),
      {
        description: 'Verbs that are kept; empty: all of them',
        default: ['create', 'update', 'patch', 'delete', 'deletecollection'],
        example: ['create', 'delete'],
      },
    ),
    max_body: bytes(
      { description: 'Largest batch that is taken, compressed or not', default: '16MiB' },
      { min: '64KiB', max: '256MiB' },
    ),
  },
  check({ listen: places, tls, token }) {
    const open = places.findIndex(({ host }) => !loopback.test(host))
    if (open < 0 || token !== null || tls?.client_ca_file != null) return null
    return new Complaint(
      'anybody who reaches this address could write into the audit log',
      'set `token` or `tls.client_ca_file`, or listen on 127.0.0.1',
      ['listen'],
    )
  },
})

export type KubeAuditConfig = ConfigOf<typeof kubeAuditSchema>
