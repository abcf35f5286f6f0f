import {
  Complaint,
  defineSchema,
  duration,
  flag,
  group,
  integer,
  list,
  secret,
  text,
  tls,
  urlText,
  type ConfigOf,
  timeoutField,
  kubeconfigField,
} from '../../schema/index.ts'

const endpoint = urlText(
  { description: 'A base URL', required: true, example: 'https://dtrack.example.com' },
  { schemes: ['http', 'https'] },
)

const template = {
  pattern: /(?:[^{}]|\{\{ *\.(?:ProjectName|EnvironmentName|ServiceName|EnvironmentType) *\}\})+/,
  expects: 'text with {{ .ProjectName }}, {{ .EnvironmentName }}, {{ .ServiceName }} or {{ .EnvironmentType }}',
} as const

export const dependencyTrackSchema = defineSchema({
  type: 'dependency-track',
  role: 'sink',
  summary: 'Uploads CycloneDX reports to projects of OWASP Dependency-Track',
  fields: {
    url: urlText(
      {
        description: 'Base URL of the API server. Required without `custom`',
        default: null,
        example: 'https://dtrack.example.com',
        usual: true,
      },
      { schemes: ['http', 'https'] },
    ),
    api_key: secret({
      description: 'API key. Required with `url`',
      default: null,
      example: 'file:/run/secrets/dependency-track',
      usual: true,
    }),
    custom: group(
      {
        endpoints: list(endpoint, {
          description: 'Base URLs that annotations may name; a report with another one becomes a dead letter',
          required: true,
          example: ['https://dtrack.example.com'],
        }),
        secret: text({ description: 'Name of the Secret with the key, in the namespace', default: 'lagoon-env' }),
        kubeconfig: kubeconfigField(),
      },
      {
        description:
          'Upload to the endpoint in the annotation `dependencytrack.insights.lagoon.sh/custom-endpoint`, with the ' +
          'key from a Secret of its namespace, instead of `url`. The account needs `get` on these Secrets',
        default: null,
        example: { endpoints: ['https://dtrack.example.com'] },
      },
    ),
    root: text({ description: 'Name of the root project', default: '{{ .ProjectName }}' }, template),
    parent: text(
      { description: 'Name of the project below the root', default: '{{ .ProjectName }}-{{ .EnvironmentName }}' },
      template,
    ),
    project: text(
      {
        description: 'Name of its project',
        default: '{{ .ProjectName }}-{{ .EnvironmentName }}-{{ .ServiceName }}',
      },
      template,
    ),
    version: text({ description: 'Version of that project', default: 'unset' }, template),
    production_only: flag({
      description: 'Upload reports of production environments only',
      default: true,
    }),
    processing: duration(
      { description: 'Wait for the processing before the upload is repeated', default: '5m' },
      { min: '1s', max: '1h' },
    ),
    concurrency: integer(
      { description: 'Maximum uploads at a time', unit: 'uploads', default: 4 },
      { min: 1, max: 64 },
    ),
    timeout: timeoutField('Timeout of one request'),
    tls,
  },
  check({ url, api_key, custom }) {
    if (custom === null && (url === null || api_key === null))
      return new Complaint('there is no endpoint', 'set `url` and `api_key`, or `custom`', ['url'])
    if (custom !== null && (url !== null || api_key !== null))
      return new Complaint('`custom` replaces `url` and `api_key`', 'write a second sink', ['custom'])
    return null
  },
})

export type DependencyTrackConfig = ConfigOf<typeof dependencyTrackSchema>
