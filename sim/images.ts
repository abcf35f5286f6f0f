/** Reports about the shop's images, in the form of Trivy, and scores of their problems. The findings are invented. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, good, imageOf } from './cluster.ts'

type Finding = Readonly<{ id: string; severity: string; of: string; fixed?: string; epss: number; exploited?: true }>

const findings: readonly Finding[] = [
  { id: 'CVE-2021-44228', severity: 'CRITICAL', of: 'log4j-core', fixed: '2.17.1', epss: 0.944, exploited: true },
  { id: 'CVE-2022-42889', severity: 'CRITICAL', of: 'commons-text', fixed: '1.10.0', epss: 0.942 },
  { id: 'CVE-2023-2976', severity: 'MEDIUM', of: 'guava', fixed: '32.0.0', epss: 0.0004 },
  { id: 'CVE-2023-44487', severity: 'HIGH', of: 'nginx', fixed: '1.25.3', epss: 0.944, exploited: true },
  { id: 'CVE-2024-10979', severity: 'HIGH', of: 'postgresql', epss: 0.018 },
  { id: 'CVE-2023-45853', severity: 'CRITICAL', of: 'zlib', epss: 0.012 },
  { id: 'CVE-2024-0567', severity: 'LOW', of: 'gnutls', fixed: '3.8.3', epss: 0.008 },
]

type Packages = Readonly<Record<string, string>>

const java: Packages = { guava: '31.0.1', 'commons-text': '1.10.0', 'jackson-databind': '2.17.1', zlib: '1.2.13' }

/** DNS has no report: it is listed as not scanned. */
const images: Readonly<Record<string, Packages>> = {
  [imageOf(good)]: java,
  'registry.example/shop/web:3.2': { nginx: '1.25.1', zlib: '1.2.13', gnutls: '3.7.9' },
  'registry.example/postgres:18': { postgresql: '18.0', zlib: '1.3.1' },
  'registry.example/shop/job:2.0': { 'commons-text': '1.9', guava: '33.2.0' },
  'registry.example/backup:0.9': { gnutls: '3.7.9', zlib: '1.2.13' },
}

function isFixed(installed: string, fixed: string | undefined): boolean {
  return fixed !== undefined && installed.localeCompare(fixed, 'en', { numeric: true }) >= 0
}

function reportOf(image: string, packages: Packages): object {
  const repository = image.replace(/:[^:]*$/, '')
  return {
    SchemaVersion: 2,
    ArtifactName: image,
    Metadata: { RepoTags: [image], RepoDigests: [`${repository}@${digestOf(image)}`] },
    Results: [
      {
        Target: image,
        Class: 'lang-pkgs',
        Type: 'jar',
        Packages: Object.entries(packages).map(([Name, Version]) => ({ Name, Version })),
        Vulnerabilities: findings.flatMap(({ id, severity, of, fixed }) => {
          const installed = packages[of]
          if (installed === undefined || isFixed(installed, fixed)) return []
          const finding = { VulnerabilityID: id, PkgName: of, InstalledVersion: installed, Severity: severity }
          return [fixed === undefined ? finding : { ...finding, FixedVersion: fixed }]
        }),
      },
    ],
  }
}

/** Writes reports and feeds below the folder; returns the sources that read them. */
export async function imageSources(folder: string): Promise<object> {
  const [epss, kev] = [join(folder, 'epss.csv'), join(folder, 'kev.json')]
  await mkdir(join(folder, 'sbom'), { recursive: true })
  for (const [image, packages] of Object.entries(images)) await writeReport(folder, image, packages)
  await writeFile(
    epss,
    ['cve,epss,percentile', ...findings.map(({ id, epss: score }) => `${id},${score},0.5`)].join('\n'),
  )
  const exploited = findings.filter((finding) => finding.exploited === true)
  await writeFile(
    kev,
    JSON.stringify({ vulnerabilities: exploited.map(({ id }) => ({ cveID: id, dateAdded: '2024-01-01' })) }),
  )
  return { sbom: { path: join(folder, 'sbom') }, 'vulnerability-feeds': { epss, kev } }
}

/** A release of the API after the good one has an old log4j and the fixed guava. */
export async function reportPushed(folder: string, image: string): Promise<void> {
  await writeReport(folder, image, { ...java, guava: '33.2.0', 'log4j-core': '2.14.1' })
}

async function writeReport(folder: string, image: string, packages: Packages) {
  const file = join(folder, 'sbom', `${digestOf(image).replace(':', '-')}.json`)
  await writeFile(file, JSON.stringify(reportOf(image, packages)))
}
