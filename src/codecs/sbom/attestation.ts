/**
 * in-toto statements about images: plain, in a DSSE envelope, or in a bundle of Sigstore. Signatures are not verified:
 * a document in a statement is as trustworthy as its place.
 */
import { fieldsOf, isRecord, textOf, type Fields } from '../../model/json.ts'
import { assertShallow } from '../../model/json-depth.ts'
import { recordsOf } from './collect.ts'
import { ReportError } from './report.ts'

/** `subjects`: digests that the statement is about. */
export type Attested = Readonly<{ document: unknown; subjects: readonly string[] }>

/** Undefined for a document that is no attestation. Throws ReportError for an unreadable one. */
export function attested(document: Fields): Attested | undefined {
  const envelope = fieldsOf(document['dsseEnvelope'] ?? document)
  const { payload, payloadType, _type: type } = envelope
  if (typeof payload === 'string' && typeof payloadType === 'string') {
    if (!payloadType.includes('in-toto'))
      throw new ReportError('unknown-format', `The envelope has a payload of type ${payloadType.slice(0, 100)}.`)
    return ofStatement(fieldsOf(parsed(Buffer.from(payload, 'base64').toString(), 'payload of the envelope')))
  }
  return typeof type === 'string' && type.startsWith('https://in-toto.io/Statement/')
    ? ofStatement(envelope)
    : undefined
}

function ofStatement(statement: Fields): Attested {
  if (!('predicate' in statement))
    throw new ReportError('malformed', 'The attestation has no in-toto statement with a predicate.')
  const subjects = recordsOf(statement['subject']).flatMap(({ digest }) => {
    const hex = textOf(fieldsOf(digest)['sha256'])?.toLowerCase()
    return hex !== undefined && /^[0-9a-f]{64}$/.test(hex) ? [`sha256:${hex}`] : []
  })
  return { document: documentOf(statement['predicate']), subjects: [...new Set(subjects)] }
}

/** Some versions of cosign put the document as text into the predicate, and results of scanners below `scanner`. */
function documentOf(predicate: unknown): unknown {
  if (typeof predicate === 'string') return parsed(predicate, 'predicate')
  const { Data: data, scanner } = fieldsOf(predicate)
  if (typeof data === 'string') return parsed(data, 'predicate')
  const { result } = fieldsOf(scanner)
  return isRecord(data) ? data : isRecord(result) ? result : predicate
}

function parsed(text: string, what: string): unknown {
  try {
    assertShallow(text)
    return JSON.parse(text)
  } catch {
    throw new ReportError('malformed', `The ${what} is not JSON.`)
  }
}
