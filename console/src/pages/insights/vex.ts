/** OpenVEX 0.2 documents about problems of images. */
import type { ProblemRow } from './requests.ts'

export const vexStatuses = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const
export type VexStatus = (typeof vexStatuses)[number]

/** Required for `not_affected`. */
export const vexReasons = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const

export type Analysis = Readonly<{ status: VexStatus; reason: (typeof vexReasons)[number]; note: string }>

type Statement = Readonly<{
  vulnerability: Readonly<{ name: string; aliases?: readonly string[] }>
  products: readonly Readonly<{ '@id': string }>[]
  status: string
  justification?: string
  impact_statement?: string
}>

const documentOf = (id: string, author: string, statements: readonly Statement[]) => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': id,
  author,
  timestamp: new Date().toISOString(),
  version: 1,
  statements,
})

/** The package URL of an image. */
export function imagePurl({ image, image_name: name }: Pick<ProblemRow, 'image' | 'image_name'>): string {
  const last = name?.split('/').at(-1) ?? 'image'
  const where = name === null ? '' : `?repository_url=${encodeURIComponent(name)}`
  return `pkg:oci/${encodeURIComponent(last)}@${encodeURIComponent(image)}${where}`
}

/** About one problem of one image. The same id each time, so that a later document replaces an earlier one. */
export function analysisDocument(
  of: Pick<ProblemRow, 'id' | 'aliases' | 'image' | 'image_name'>,
  { status, reason, note }: Analysis,
  author: string,
) {
  const statement: Statement = {
    vulnerability: { name: of.id, ...(of.aliases.length === 0 ? {} : { aliases: of.aliases }) },
    products: [{ '@id': imagePurl(of) }],
    status,
    ...(status === 'not_affected' ? { justification: reason } : {}),
    ...(note === '' ? {} : { impact_statement: note }),
  }
  return documentOf(`urn:weir:analysis:${of.id}:${of.image}`, author, [statement])
}

/** All analyses of problems, with the images of each as products. */
export function exportDocument(rows: readonly ProblemRow[], author: string) {
  const analysed = rows.filter(({ waiver }) => waiver !== null)
  const groups = Map.groupBy(analysed, ({ id, waiver, waiver_reason: reason }) => JSON.stringify([id, waiver, reason]))
  const statements = [...groups.values()].map((group): Statement => {
    const { id, aliases, waiver, waiver_reason: reason } = group[0]!
    const isReason = vexReasons.some((known) => known === reason)
    return {
      vulnerability: { name: id, ...(aliases.length === 0 ? {} : { aliases }) },
      products: [...new Set(group.map(imagePurl))].map((product) => ({ '@id': product })),
      status: waiver ?? 'under_investigation',
      ...(reason === null ? {} : isReason ? { justification: reason } : { impact_statement: reason }),
    }
  })
  return documentOf(`urn:weir:export:${new Date().toISOString()}`, author, statements)
}
