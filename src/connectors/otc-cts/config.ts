import {
  choice,
  Complaint,
  defineSchema,
  duration,
  filePath,
  group,
  integer,
  leaseComplaint,
  leaseFields,
  list,
  secret,
  text,
  tls,
  urlText,
  variants,
  type ConfigOf,
} from '../../schema/index.ts'
import { isSecure } from '../../net/http/loopback.ts'

const id = { pattern: /[0-9a-f]{32}/, expects: 'an id of 32 hexadecimal digits' } as const
const regionName = { pattern: /[a-z0-9]+(?:-[a-z0-9]+)*/, expects: 'a region such as `eu-de`' } as const
const urls = { schemes: ['https', 'http'] } as const

const project = group(
  {
    name: text({ description: 'Its name', default: null, example: 'eu-de_prod' }),
    id: text(
      { description: 'Project id, instead of the name', default: null, example: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
      id,
    ),
    region: text(
      {
        description: 'Region of the project. Unset: the part of its name before the first `_`, else `region`',
        default: null,
        example: 'eu-nl',
      },
      regionName,
    ),
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
  ({ name, id: number }) =>
    (name === null) === (number === null)
      ? new Complaint('a project is identified by `name` or by `id`', 'set one of them')
      : null,
)

const auth = variants(
  {
    keys: {
      access_key: secret({ description: 'Access key (AK)', required: true, example: 'env:OS_ACCESS_KEY' }),
      secret_key: secret({ description: 'Secret key (SK)', required: true, example: 'env:OS_SECRET_KEY' }),
      security_token: secret({
        description: 'Security token of temporary keys',
        default: null,
        example: 'file:/run/secrets/security-token',
      }),
    },
    password: {
      user: text({ description: 'Name of an IAM user', default: null, example: 'weir' }),
      user_id: text({
        description: 'User id, instead of name and domain',
        default: null,
        example: 'd5860b0344b14b5f9d0c1a2b3c4d5e6f',
      }),
      password: secret({ description: 'Password of the user', required: true, example: 'file:/run/secrets/password' }),
      domain: text({
        description: 'Domain name of the user, and of the projects unless there is an agency',
        default: null,
        example: 'OTC00000000001000000001',
      }),
      agency: text({
        description: 'Agency of another domain, used to read the projects of that domain',
        default: null,
        example: 'audit-readers',
      }),
      agency_domain: text({
        description: 'Name of the domain that created the agency',
        default: null,
        example: 'OTC00000000001000000002',
      }),
      agency_domain_id: text({
        description: 'Id of the domain that created the agency, instead of its name',
        default: null,
        example: 'd78cbac186b744899480f25bd0223468',
      }),
    },
    clouds: {
      cloud: text({
        description: 'Entry of clouds.yaml. Unset: `OS_CLOUD`, else the only entry',
        default: null,
        example: 'otc',
      }),
      file: filePath(
        {
          description: 'Path of clouds.yaml. Unset: the search path of OpenStack clients',
          default: null,
          example: '/etc/openstack/clouds.yaml',
        },
        { holds: 'anything' },
      ),
    },
  },
  {
    description:
      'Authentication: access keys that sign requests, a password for tokens, or an entry of clouds.yaml. ' +
      'Credentials are re-read for each use',
    required: true,
    example: { type: 'keys', access_key: 'env:OS_ACCESS_KEY', secret_key: 'env:OS_SECRET_KEY' },
  },
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
    region: text({ description: 'Region of projects without a region', default: 'eu-de' }, regionName),
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
    iam: urlText(
      {
        description: 'IAM endpoint with its version. Unset: the endpoint of the cloud in this region',
        default: null,
        example: 'https://iam.eu-de.otc.t-systems.com/v3',
      },
      urls,
    ),
    endpoint: urlText(
      {
        description: 'CTS endpoint without version and project. Unset: the endpoint in the service catalog',
        default: null,
        example: 'https://cts.eu-de.otc.t-systems.com',
      },
      urls,
    ),
    signing: choice(['access', 'credential'], {
      description:
        "Form of signed requests: `Access=…` in the header, as in Huawei's guide, or `Credential=…`, as in Terraform",
      default: 'access',
    }),
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
  check({ auth: proof, projects, iam, endpoint, lease, ack, tls: secured }) {
    if (projects.length === 0 && proof.type !== 'clouds')
      return new Complaint('no project is listed', 'write `projects: [{name: eu-de_prod}]`', ['projects'])
    if (proof.type === 'password' && (proof.user === null) === (proof.user_id === null))
      return new Complaint('a user is identified by `user` or by `user_id`', 'set one of them', ['auth'])
    if (proof.type === 'password' && proof.user !== null && proof.domain === null)
      return new Complaint('a user name is unique within a domain only', 'set `auth.domain`', ['auth'])
    if (
      proof.type === 'password' &&
      (proof.agency === null) !== (proof.agency_domain === null && proof.agency_domain_id === null)
    )
      return new Complaint(
        'an agency is identified by its name and by the domain that created it',
        'set `auth.agency`, and `auth.agency_domain` or `auth.agency_domain_id`',
        ['auth'],
      )
    const open = (
      [
        ['iam', iam],
        ['endpoint', endpoint],
      ] as const
    ).find(([, url]) => url !== null && !isSecure(url))
    if (open !== undefined)
      return new Complaint('credentials would be sent over plain HTTP', 'write https://', [open[0]])
    const unheld = leaseComplaint({ lease, ack })
    if (unheld !== null) return unheld
    return secured !== null && [iam, endpoint].some((url) => url?.startsWith('http:') === true)
      ? new Complaint('`tls` is set for an address with http://', 'write https://', ['tls'])
      : null
  },
})

export type OtcCtsConfig = ConfigOf<typeof otcCtsSchema>
export type ProjectConfig = OtcCtsConfig['projects'][number]
