import { bytes, defineSchema, duration, filePath, type ConfigOf } from '../../schema/index.ts'

export const sbomSchema = defineSchema({
  type: 'sbom',
  role: 'source',
  summary:
    'Reads documents about images from a folder: bills of materials, vulnerability reports, inspections, waivers',
  fields: {
    path: filePath({
      description:
        'Folder with the documents, in subfolders too. A document that does not name the digest of its image needs ' +
        'it in its path, as in `sha256-<hex>.json`',
      required: true,
      example: '/var/lib/weir/sbom',
    }),
    every: duration(
      { description: 'Interval at which the folder is read', default: '30s' },
      { min: '100ms', max: '1d' },
    ),
    max_size: bytes(
      { description: 'Maximum size of a document, also when unpacked; larger ones are rejected', default: '64MiB' },
      { min: '1KiB', max: '256MiB' },
    ),
  },
})

export type SbomConfig = ConfigOf<typeof sbomSchema>
