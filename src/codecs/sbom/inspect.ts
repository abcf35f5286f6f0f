/** `skopeo inspect` and `docker image inspect`: facts about an image, without packages. */
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { clipped, listOf } from './collect.ts'
import { imageFrom, valuesOf } from './image.ts'
import type { Fact, Report } from './report.ts'

const secret = /PASS|TOKEN|SECRET|KEY|CREDENTIAL|AUTH/i

export function isInspect(document: Fields): boolean {
  return (
    ('Architecture' in document && ('Os' in document || 'OS' in document)) ||
    'RepoTags' in document ||
    ('Digest' in document && 'Layers' in document)
  )
}

export function readInspect(document: Fields): Report {
  const config = fieldsOf(document['Config'] ?? document['config'])
  const os = textOf(document['Os']) ?? textOf(document['OS'])
  const labels = Object.entries({ ...fieldsOf(document['Labels']), ...fieldsOf(config['Labels']) })
  const facts: Fact[] = [
    ...listOf(document['Env'] ?? config['Env']).flatMap(environmentFact),
    ...labels.flatMap(([name, value]) => factOf('label', name, textOf(value))),
    ...factOf('image', 'os', os),
    ...factOf('image', 'architecture', textOf(document['Architecture'])),
    ...factOf('image', 'created', textOf(document['Created'])),
    ...factOf('image', 'author', textOf(document['Author'])),
    ...factOf('image', 'user', textOf(config['User'])),
    ...factOf('image', 'layers', countOf(document)),
  ]
  return {
    format: 'image-inspect',
    tool: { name: 'Layers' in document ? 'skopeo' : 'docker' },
    // `Name` of Skopeo has no tag, and `RepoTags` there lists every tag of the repository.
    image: imageFrom({
      names: valuesOf(document, ...('Layers' in document ? ['Name'] : ['RepoTags'])),
      digests: valuesOf(document, 'Digest', 'RepoDigests', 'Id'),
      more: withoutUndefined({
        os,
        architecture: textOf(document['Architecture']),
        created: textOf(document['Created']),
      }),
    }),
    facts,
  }
}

/** The value is everything after the first `=`. Secrets are not stored. */
function environmentFact(entry: unknown): Fact[] {
  const written = textOf(entry) ?? ''
  const at = written.indexOf('=')
  const name = at < 0 ? written : written.slice(0, at)
  if (secret.test(name)) return []
  return factOf('environment', name, at < 0 ? '' : written.slice(at + 1))
}

function factOf(category: string, name: string, value: string | undefined): Fact[] {
  return value === undefined || name === '' ? [] : [{ name, value: clipped(value) ?? '', category }]
}

function countOf(document: Fields): string | undefined {
  const layers = listOf(document['Layers'] ?? fieldsOf(document['RootFS'])['Layers'])
  return layers.length === 0 ? undefined : String(layers.length)
}
