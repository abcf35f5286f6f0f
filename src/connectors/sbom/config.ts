import {
  auth,
  bytes,
  Complaint,
  defineSchema,
  duration,
  filePath,
  flag,
  group,
  leaseFields,
  list,
  text,
  tls,
  urlText,
  type ConfigOf,
  kubeconfigField,
} from '../../schema/index.ts'

const image = text({ description: 'An image', required: true, example: 'shop/web:1.4' })
const host = text({ description: 'A host name', required: true, example: 'registry.example.com:5000' })

const registry = group(
  {
    url: urlText(
      { description: 'URL of the registry', required: true, example: 'https://registry.example.com' },
      { schemes: ['http', 'https'] },
    ),
    images: list(image, {
      description: 'Images as `name:tag` or `name@sha256:…`, with or without the host of the registry',
      default: [],
      example: ['shop/web:1.4'],
    }),
    pods: flag({
      description: 'Also the images of running pods from this registry. The account needs `list` and `watch` on pods',
      default: false,
    }),
    kubeconfig: kubeconfigField('Kubeconfig file for `pods`. Unset: `KUBECONFIG`, else the service account of the pod'),
    hosts: list(host, {
      description: 'Host names of the registry in the names of images, such as those of a mirror. Empty: that of `url`',
      default: [],
      example: ['registry.example.com:5000'],
    }),
    cosign: flag({
      description: 'Also the tags of cosign: `sha256-<hex>.att` and `.sbom`',
      default: false,
    }),
    every: duration({ description: 'Interval at which referrers are listed', default: '5m' }, { min: '1s', max: '1d' }),
    auth,
    timeout: duration({ description: 'Timeout of one request', default: '30s' }, { min: '100ms', max: '10m' }),
    tls,
  },
  {
    description: 'Registry with referrers of images: documents and attestations that were pushed',
    default: null,
    example: { url: 'https://registry.example.com', pods: true },
  },
  ({ images, pods }) =>
    images.length > 0 || pods ? null : new Complaint('no images are selected', 'set `images` or `pods`', ['images']),
)

export const sbomSchema = defineSchema({
  type: 'sbom',
  role: 'source',
  summary:
    'Reads documents about images from a folder or a registry: bills of materials, vulnerability reports, ' +
    'inspections, waivers',
  fields: {
    path: filePath({
      description:
        'Folder with the documents, in subfolders too. A document that does not name the digest of its image needs ' +
        'it in its path, as in `sha256-<hex>.json`',
      default: null,
      example: '/var/lib/weir/sbom',
      usual: true,
    }),
    every: duration(
      { description: 'Interval at which the folder is read', default: '30s' },
      { min: '100ms', max: '1d' },
    ),
    max_size: bytes(
      { description: 'Maximum size of a document, also when unpacked; larger ones are rejected', default: '64MiB' },
      { min: '1KiB', max: '256MiB' },
    ),
    registry,
    lease: leaseFields.lease,
  },
  check({ path, registry: from, lease }) {
    if (lease !== null && from === null)
      return new Complaint('a folder is read by each instance', 'remove `lease`, or set `registry`', ['lease'])
    if (path !== null || from !== null) return null
    return new Complaint('there is nothing to read', 'set `path` or `registry`', ['path'])
  },
})

export type SbomConfig = ConfigOf<typeof sbomSchema>
export type RegistryConfig = NonNullable<SbomConfig['registry']>
