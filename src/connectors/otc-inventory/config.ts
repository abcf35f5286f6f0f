import {
  otcLoginComplaint,
  otcLoginFields,
  otcProjectComplaint,
  otcProjectFields,
  otcUrls,
} from '../../net/otc/settings.ts'
import { polledApiFields } from '../../net/http/polled-api-settings.ts'
import {
  Complaint,
  defineSchema,
  duration,
  group,
  leaseComplaint,
  list,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'

const project = group(
  otcProjectFields,
  { description: 'A project', required: true, example: { name: 'eu-de_prod' } },
  otcProjectComplaint,
)

export const otcInventorySchema = defineSchema({
  type: 'otc-inventory',
  role: 'source',
  summary:
    'Reads the resources of Open Telekom Cloud projects: servers, disks, networks, addresses, load balancers, CCE, DNS',
  fields: {
    ...otcLoginFields,
    projects: list(project, {
      description: 'Projects to read. Unset: the main project of each region, which has its name',
      default: [{ name: 'eu-de' }, { name: 'eu-nl' }],
      example: [{ name: 'eu-de_prod' }, { name: 'eu-nl_prod' }],
    }),
    endpoint: urlText(
      {
        description: 'Base URL of all services, without version and project. Unset: those in the service catalog',
        default: null,
        example: 'https://gateway.example.com',
      },
      otcUrls,
    ),
    prices: urlText(
      {
        description: 'Price list, for the list price of servers. Unset: without prices',
        default: null,
        example: 'https://calculator.otc-service.com/en/open-telekom-price-api/',
      },
      otcUrls,
    ),
    every: duration(
      { description: 'Interval of resources that change often: servers, disks, clusters', default: '2m' },
      { min: '1s', max: '1d' },
    ),
    every_slow: duration(
      { description: 'Interval of networks, addresses, security groups, load balancers and DNS', default: '10m' },
      { min: '1s', max: '1d' },
    ),
    ...polledApiFields,
  },
  check({ auth, projects, iam, endpoint, lease, ack, tls }) {
    if (projects.length === 0)
      return new Complaint('no project is listed', 'write `projects: [{name: eu-de}]`', ['projects'])
    const names = projects.map(({ id, name, region }) => JSON.stringify(id === null ? [name, region] : [id]))
    if (new Set(names).size !== names.length)
      return new Complaint('a project is listed twice', 'list each once', ['projects'])
    const unusable = otcLoginComplaint({ auth }, { iam, endpoint })
    if (unusable !== null) return unusable
    const unheld = leaseComplaint({ lease, ack })
    if (unheld !== null) return unheld
    return tls !== null && [iam, endpoint].some((url) => url?.startsWith('http:') === true)
      ? new Complaint('`tls` is set for an address with http://', 'write https://', ['tls'])
      : null
  },
})

export type OtcInventoryConfig = ConfigOf<typeof otcInventorySchema>
