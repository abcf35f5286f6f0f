import { choice, Complaint, filePath, secret, text, urlText, variants, type ValuesOf } from '../../schema/index.ts'
import { isSecure } from '../http/loopback.ts'

const id = { pattern: /[0-9a-f]{32}/, expects: 'an id of 32 hexadecimal digits' } as const
const regionName = { pattern: /[a-z0-9]+(?:-[a-z0-9]+)*/, expects: 'a region such as `eu-de`' } as const
export const otcUrls = { schemes: ['https', 'http'] } as const

/** Fields of a project; `otcProjectComplaint` checks them. */
export const otcProjectFields = {
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
}

export function otcProjectComplaint({ name, id: number }: OtcProject): Complaint | null {
  return (name === null) === (number === null)
    ? new Complaint('a project is identified by `name` or by `id`', 'set one of them')
    : null
}

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

/** Settings of a login. `otcLoginComplaint` checks them. */
export const otcLoginFields = {
  region: text({ description: 'Region of projects without a region', default: 'eu-de' }, regionName),
  auth,
  iam: urlText(
    {
      description: 'IAM endpoint with its version. Unset: the endpoint of the cloud in this region',
      default: null,
      example: 'https://iam.eu-de.otc.t-systems.com/v3',
    },
    otcUrls,
  ),
  signing: choice(['access', 'credential'], {
    description:
      "Form of signed requests: `Access=…` in the header, as in Huawei's guide, or `Credential=…`, as in Terraform",
    default: 'access',
  }),
}

export type OtcProject = ValuesOf<typeof otcProjectFields>
export type OtcLogin = ValuesOf<typeof otcLoginFields>

/** `urls`: addresses that receive credentials, by their setting. */
export function otcLoginComplaint(
  { auth: proof }: Pick<OtcLogin, 'auth'>,
  urls: Readonly<Record<string, string | null>>,
): Complaint | null {
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
  const open = Object.entries(urls).find(([, url]) => url !== null && !isSecure(url))
  return open === undefined
    ? null
    : new Complaint('credentials would be sent over plain HTTP', 'write https://', [open[0]])
}
