/** Schemas of the rows of packages, problems, facts and images. */
import { severities } from '../../model/image-insights.ts'
import { exposures } from '../exposure.ts'
import { nullable } from '../json-schema.ts'

const nullableCount = { type: ['integer', 'null'] } as const
const texts = { type: 'array', items: { type: 'string' } } as const

const running = {
  pods: { type: 'integer', description: 'Pods that run the image at that time.' },
  clusters: texts,
  namespaces: texts,
  workloads: { ...texts, description: '`<namespace>/<kind>/<name>`.' },
} as const

const exposed = {
  exposure: {
    type: ['string', 'null'],
    enum: [...exposures, null],
    description:
      'Widest origin of the traffic that the workloads received: outside, other namespaces or nodes, their own ' +
      'namespace; idle: none; null: no flows are stored for the time.',
  },
  exposed_ports: {
    type: 'array',
    items: { type: 'integer' },
    description: 'Ports of that traffic, the one with most bytes first; at most 20.',
  },
} as const

const reported = {
  image: { type: 'string', description: 'Digest.' },
  image_name: nullable,
  tool: { type: 'string', description: 'Program that wrote the report.' },
  tool_version: nullable,
  valid_from: { type: 'string', description: 'Time of the first report that has the row.' },
  valid_to: { ...nullable, description: 'null: the newest report of the tool has it.' },
  ...running,
} as const

export const rows = {
  packages: {
    name: { type: 'string' },
    version: nullable,
    type: { ...nullable, description: 'deb, apk, npm, maven, pypi, golang …' },
    purl: { ...nullable, description: 'Package URL.' },
    licenses: nullable,
    ...reported,
  },
  problems: {
    id: { type: 'string', examples: ['CVE-2021-44228'] },
    aliases: { ...texts, description: 'Other ids of the same flaw.' },
    severity: { type: 'string', enum: severities },
    score: { type: ['number', 'null'], description: '0 to 1: a tenth of CVSS.' },
    package: nullable,
    version: nullable,
    type: nullable,
    purl: nullable,
    fixed_version: { ...nullable, description: 'null: no fix is known.' },
    state: { ...nullable, description: 'State by the tool, for example `will_not_fix`.' },
    waived: { type: 'boolean', description: 'A waiver, or the state, excludes that it affects the image.' },
    waiver: { ...nullable, description: 'Status of the OpenVEX statement.' },
    waiver_reason: nullable,
    epss: { type: ['number', 'null'], description: 'EPSS: probability of exploitation within 30 days; null: unknown.' },
    kev: { type: ['boolean', 'null'], description: 'CISA lists it as exploited; null: no catalog is configured.' },
    ...reported,
    ...exposed,
  },
  facts: {
    category: { ...nullable, description: 'environment, label, image, os …' },
    name: { type: 'string' },
    value: nullable,
    ...reported,
  },
  images: {
    image: { type: 'string', description: 'Digest.' },
    name: nullable,
    tags: texts,
    os: nullable,
    architecture: nullable,
    tools: texts,
    packages: { ...nullableCount, description: 'null: no report lists packages.' },
    findings: { ...nullableCount, description: 'Problems in packages; null: no tool searched for problems.' },
    fixable: nullableCount,
    waived: { ...nullableCount, description: 'Findings with a waiver; the counts by severity omit them.' },
    ...Object.fromEntries(
      severities.map((severity) => [
        severity.toLowerCase(),
        { ...nullableCount, description: 'Distinct ids without waiver.' },
      ]),
    ),
    scanned: { type: 'boolean', description: 'false: no tool searched it for problems.' },
    reported: { ...nullable, description: 'Time of the first report that still holds.' },
    ...running,
    ...exposed,
  },
} as const
