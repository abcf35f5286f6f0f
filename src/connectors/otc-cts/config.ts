import {
  choice,
  Complaint,
  defineSchema,
  duration,
  group,
  integer,
  leaseComplaint,
  leaseFields,
  list,
  text,
  tls,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'
import {
  otcLoginComplaint,
  otcLoginFields,
  otcProjectComplaint,
  otcProjectFields,
  otcUrls,
} from '../../net/otc/settings.ts'

const { region, auth, iam, signing } = otcLoginFields

const project = group(
  {
    ...otcProjectFields,
    trackers: list(
      text(
        { description: 'A tracker', required: true, example: 'system' },
        { pattern: /[\w-]{1,64}/, expects: 'the name of a tracker' },
      ),
      {
        description: 'Trackers to poll; Open Telekom Cloud has one',
        default: ['system'],
        example: ['system'],
      },
    ),
  },
  { description: 'A project', required: true, example: { name: 'eu-de_prod' } },
  otcProjectComplaint,
)

export const otcCtsSchema = defineSchema({
  type: 'otc-cts',
  role: 'source',
  summary:
    'Reads audit traces of Open Telekom Cloud and Huawei Cloud (Cloud Trace Service): actor, action, ' +
    'resource and outcome',
  fields: {
    cloud: choice(['otc', 'huawei'], {
      description: 'Cloud provider; it determines default endpoints and resource names',
      default: 'otc',
    }),
    region,
    auth,
    projects: list(project, {
      description: 'Projects to poll; empty: the project of the clouds.yaml entry',
      required: true,
      example: [{ name: 'eu-de_prod' }],
    }),
    api: choice(['v3', 'v2'], {
      description: 'Version of the API; with `v2`, the event attribute `source` equals that of cts_exporter',
      default: 'v3',
    }),
    iam,
    endpoint: urlText(
      {
        description: 'CTS endpoint without version and project. Unset: the endpoint in the service catalog',
        default: null,
        example: 'https://cts.eu-de.otc.t-systems.com',
      },
      otcUrls,
    ),
    signing,
    every: duration({ description: 'Poll interval', default: '60s' }, { min: '1s', max: '1h' }),
    look_back: duration(
      {
        description:
          'Maximum delay until a trace becomes visible; each request, including the first, starts this far back',
        default: '10m',
      },
      { min: '1m', max: '1d' },
    ),
    backfill: duration(
      {
        description: 'Start of the first request, relative to now. The API stores seven days',
        default: null,
        example: '7d',
      },
      { min: '1m', max: '7d' },
    ),
    leave_out: list(
      choice(['request', 'response', 'message'], { description: 'A field', required: true, example: 'request' }),
      {
        description: 'Trace fields to remove; request and response may contain personal data',
        default: [],
        example: ['request', 'response'],
      },
    ),
    page: integer(
      { description: 'Maximum traces in one response', unit: 'traces', default: 200 },
      { min: 1, max: 200 },
    ),
    timeout: duration({ description: 'Timeout of one response', default: '30s' }, { min: '10ms', max: '10m' }),
    ...leaseFields,
    tls,
  },
  check({ auth: proof, projects, iam: login, endpoint, lease, ack, tls: secured }) {
    if (projects.length === 0 && proof.type !== 'clouds')
      return new Complaint('no project is listed', 'write `projects: [{name: eu-de_prod}]`', ['projects'])
    const unusable = otcLoginComplaint({ auth: proof }, { iam: login, endpoint })
    if (unusable !== null) return unusable
    const unheld = leaseComplaint({ lease, ack })
    if (unheld !== null) return unheld
    return secured !== null && [login, endpoint].some((url) => url?.startsWith('http:') === true)
      ? new Complaint('`tls` is set for an address with http://', 'write https://', ['tls'])
      : null
  },
})

export type OtcCtsConfig = ConfigOf<typeof otcCtsSchema>
export type ProjectConfig = OtcCtsConfig['projects'][number]
