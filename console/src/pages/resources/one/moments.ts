import type { WholeResource } from '../../../api/objects.ts'

/** The version of the content at a time. ISO 8601. */
export function contentAt(
  versions: WholeResource['versions'],
  uid: string,
  at: string,
): WholeResource['versions'][number] | undefined {
  return versions.find(
    (version) =>
      version.uid === uid && version.valid_from <= at && (version.valid_to === null || version.valid_to > at),
  )
}
