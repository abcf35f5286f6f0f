// A real OpenSearch, one node on loopback, with its data in a folder.
import { join } from 'node:path'
import { ROOT } from '../../../tools/kit/command.ts'
import { freePorts } from '../../kit/free-port.ts'
import { startHttpProcess, type HttpProcess } from './http-process.ts'

export interface FoundDocument {
  readonly _index: string
  readonly _id: string
  readonly _source: Readonly<Record<string, unknown>>
}

export interface RealOpensearch extends HttpProcess {
  readonly url: string
  readonly port: number
  /** Documents of an index pattern in the order of arrival, 10,000 at most. */
  documents(index: string): Promise<FoundDocument[]>
  request(method: string, path: string, body?: unknown): Promise<unknown>
}

const most = 10_000

/** `jars`: folder of the installed jars. */
export async function startOpensearch(jars: string, folder: string): Promise<RealOpensearch> {
  const [port = 0, transport = 0] = await freePorts(2)
  const url = `http://127.0.0.1:${port}`
  const options = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*')]
  const source = join(ROOT, 'test/real/opensearch/Server.java')
  const args = [...options, source, join(folder, 'opensearch'), String(port), String(transport)]
  const running = await startHttpProcess('java', args, `${url}/_cluster/health?wait_for_status=yellow&timeout=60s`)
  const request = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`OpenSearch: HTTP ${response.status}: ${text}`)
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }
  return {
    ...running,
    url,
    port,
    request,
    async documents(index) {
      const here = `/${encodeURIComponent(index)}`
      await request('POST', `${here}/_refresh?ignore_unavailable=true`)
      const query = { size: most, sort: [{ _seq_no: 'asc' }] }
      const { hits } = (await request('POST', `${here}/_search?ignore_unavailable=true`, query)) as {
        readonly hits: { readonly hits: FoundDocument[] }
      }
      return hits.hits
    },
  }
}
