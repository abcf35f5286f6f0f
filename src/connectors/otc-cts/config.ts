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
      { description: 'Its id, in place of the name', default: null, example: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
      id,
    ),
    region: text(
      {
        description: 'Where it is; left out, what its name begins with, before the first `_`, else `region`',
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
        description: 'Trackers whose traces are read; Open Telekom Cloud has one',
        default: ['system'],
        example: ['system'],
      },
    ),
  },
  { description: 'A project', required: true, example: { name: 'eu-de_prod' } },
  ({ name, id: number }) =>
    (name === null) === (number === null)
      ? new Complaint('a project is named by `name` or by `id`', 'set one of them')
      : null,
)

const auth = variants(
  {
    keys: {
      access_key: secret({ description: 'Access key (AK)', required: true, example: 'env:OS_ACCESS_KEY' }),
      secret_key: secret({ description: 'Secret key (SK)', required: true, example: 'env:OS_SECRET_KEY' }),
      security_token: secret({
        description: 'Token of temporary keys',
        default: null,
        example: 'file:/run/secrets/security-token',
      }),
    },
    password: {
      user: text({ description: 'Name of an IAM user', default: null, example: 'weir' }),
      user_id: text({
        description: 'Id of the user, in place of name and domain',
        default: null,
        example: 'd5860b0344b14b5f9d0c1a2b3c4d5e6f',
      }),
      password: secret({ description: 'Password of the user', required: true, example: 'file:/run/secrets/password' }),
      domain: text({
        description: 'Name of the domain of the user, and of the projects unless there is an agency',
        default: null,
        example: 'OTC00000000001000000001',
      }),
      agency: text({
        description: 'Agency of another domain, with whose rights the projects of that domain are read',
        default: null,
        example: 'audit-readers',
      }),
      agency_domain: text({
        description: 'Name of the domain that has made the agency',
        default: null,
        example: 'OTC00000000001000000002',
      }),
      agency_domain_id: text({
        description: 'Its id, in place of the name',
        default: null,
        example: 'd78cbac186b744899480f25bd0223468',
      }),
    },
    clouds: {
      cloud: text({
        description: 'Entry of clouds.yaml; left out, `OS_CLOUD`, else the only one that there is',
        default: null,
        example: 'otc',
      }),
      file: filePath(
        {
          description: "The file; left out, it is looked for as OpenStack's clients do",
          default: null,
          example: '/etc/openstack/clouds.yaml',
        },
        { holds: 'anything' },
      ),
    },
  },
  {
    description:
      'Proof of identity, read again whenever it is needed: keys that sign requests, a password for tokens, or what clouds.yaml says',
    required: true,
    example: { type: 'keys', access_key: 'env:OS_ACCESS_KEY', secret_key: 'env:OS_SECRET_KEY' },
  },
)

export const otcCtsSchema = defineSchema({
  type: 'otc-cts',
  role: 'source',
  summary:
    "Reads audit traces of Open Telekom Cloud (Cloud Trace Service): who did what, where and with what outcome; Huawei Cloud's, too",
  fields: {
    cloud: choice(['otc', 'huawei'], {
      description: 'Whose API it is: it gives addresses that are not set, and names of resources',
      default: 'otc',
    }),
    region: text({ description: 'Region of projects that do not say theirs', default: 'eu-de' }, regionName),
    auth,
    projects: list(project, {
      description: 'Projects whose traces are read; empty: the one that clouds.yaml names',
      required: true,
      example: [{ name: 'eu-de_prod' }],
    }),
    api: choice(['v3', 'v2'], {
      description: 'Version of the API; with `v2` the attribute `source` is what cts_exporter writes',
      default: 'v3',
    }),
    iam: urlText(
      {
        description: 'Address of IAM with its version; left out, that of the cloud in the region',
        default: null,
        example: 'https://iam.eu-de.otc.t-systems.com/v3',
      },
      urls,
    ),
    endpoint: urlText(
      {
        description: 'Address of CTS without version and project; left out, the one of the catalog of services',
        default: null,
        example: 'https://cts.eu-de.otc.t-systems.com',
      },
      urls,
    ),
    signing: choice(['access', 'credential'], {
      description:
        "How requests are signed with keys: the header says `Access=…`, as in Huawei's guide, or `Credential=…`, as Terraform does it",
      default: 'access',
    }),
    every: duration({ description: 'How often it is asked for new traces', default: '60s' }, { min: '1s', max: '1h' }),
    look_back: duration(
      {
        description: 'How late a trace may become visible; so far back each request looks, and the first one',
        default: '10m',
      },
      { min: '1m', max: '1d' },
    ),
    backfill: duration(
      {
        description: 'How far back the first request looks instead; the API has seven days',
        default: null,
        example: '7d',
      },
      { min: '1m', max: '7d' },
    ),
    leave_out: list(
      choice(['request', 'response', 'message'], { description: 'A field', required: true, example: 'request' }),
      {
        description: 'Fields of traces that are not kept: what was asked and answered may tell of people',
        default: [],
        example: ['request', 'response'],
      },
    ),
    page: integer({ description: 'Most traces of one answer', unit: 'traces', default: 200 }, { min: 1, max: 200 }),
    timeout: duration({ description: 'How long one answer may take', default: '30s' }, { min: '10ms', max: '10m' }),
    ...leaseFields,
    tls,
  },
  check({ auth: proof, projects, iam, endpoint, lease, ack, tls: secured }) {
    if (projects.length === 0 && proof.type !== 'clouds')
      return new Complaint('no project is named', 'write `projects: [{name: eu-de_prod}]`', ['projects'])
    if (proof.type === 'password' && (proof.user === null) === (proof.user_id === null))
      return new Complaint('a user is named by `user` or by `user_id`', 'set one of them', ['auth'])
    if (proof.type === 'password' && proof.user !== null && proof.domain === null)
      return new Complaint('the name of a user means something in a domain only', 'set `auth.domain`', ['auth'])
    if (
      proof.type === 'password' &&
      (proof.agency === null) !== (proof.agency_domain === null && proof.agency_domain_id === null)
    )
      return new Complaint(
        'an agency is known by its name and by the domain that has made it',
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
      return new Complaint('proof of identity would go over plain HTTP', 'write https://', [open[0]])
    const unheld = leaseComplaint({ lease, ack })
    if (unheld !== null) return unheld
    return secured !== null && [iam, endpoint].some((url) => url?.startsWith('http:') === true)
      ? new Complaint('`tls` is set for an address with http://', 'write https://', ['tls'])
      : null
  },
})

export type OtcCtsConfig = ConfigOf<typeof otcCtsSchema>
export type ProjectConfig = OtcCtsConfig['projects'][number]
