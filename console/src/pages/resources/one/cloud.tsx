import { Link } from '@tanstack/react-router'
import { asApiError } from '../../../api/problem.ts'
import { CloudFacts, CloudHistory, CloudRelations, CloudTraffic } from '../../../parts/cloud/resource.tsx'
import { useCloudResource } from '../../../parts/cloud/use-cloud-resource.ts'
import { literal } from '../../../parts/filter-text.ts'
import { Pending } from '../../../parts/states.tsx'
import { cloudId } from '../../../state/refs.ts'
import { inventoryText } from '../../../parts/cloud/text.ts'
import { resourceText } from './text.ts'
import { TracesOf } from './traces.tsx'

/** A resource of the inventory with its audit events. Audit logs name resources that no inventory has, too. */
export function CloudParts({ of, at }: { of: string; at: string }): React.ReactNode {
  return (
    <div className="resource-cards">
      <FromInventory of={of} at={at} />
      <TracesOf of={of} at={at} filter={`resource = ${literal(of)} or resource_id = ${literal(cloudId(of))}`} alone />
    </div>
  )
}

function FromInventory({ of, at }: { of: string; at: string }) {
  const query = useCloudResource(of, at)
  const { data } = query
  if (data === undefined) {
    const status = query.isError ? asApiError(query.error).status : 200
    if (status === 403) return <p className="dim">{resourceText.inventoryNotPermitted}</p>
    // Audit logs of some clouds have other references than their inventories.
    if (status === 404)
      return (
        <p className="dim">
          {resourceText.notInInventory}{' '}
          <Link to="/inventory" search={{ v: '1', q: `id = ${literal(cloudId(of))}` } as never}>
            {resourceText.searchInInventory}
          </Link>
        </p>
      )
    return <Pending of={query} what={inventoryText.relations} />
  }
  return (
    <>
      <section className="panel" aria-label={inventoryText.inventory}>
        <h2>
          {inventoryText.inventory}{' '}
          <Link to="/inventory" search={{ v: '1', sel: of } as never} className="all">
            {resourceText.openInInventory}
          </Link>
        </h2>
        {data.now === null ? (
          <p className="warning">{inventoryText.isGone}</p>
        ) : (
          <CloudFacts of={data.now} costs={data.costs} />
        )}
      </section>
      <section className="panel" aria-label={inventoryText.relations}>
        <CloudRelations of={data} h="h2" />
      </section>
      {data.traffic !== null && (
        <section className="panel" aria-label={inventoryText.traffic(data.traffic.node)}>
          <CloudTraffic of={data} h="h2" />
        </section>
      )}
      <section className="panel" aria-label={inventoryText.history}>
        <CloudHistory of={data} h="h2" />
      </section>
    </>
  )
}
