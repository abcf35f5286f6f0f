import type { CloudRow } from '../../parts/cloud/requests.ts'
import { CloudFacts, CloudHistory, CloudRelations, CloudTraffic } from '../../parts/cloud/resource.tsx'
import { useCloudResource } from '../../parts/cloud/use-cloud-resource.ts'
import { Drawer } from '../../parts/drawer.tsx'
import { InvestigateLink } from '../../parts/links/investigate-link.tsx'
import { Pending } from '../../parts/states.tsx'
import { cloudId } from '../../state/refs.ts'
import { inventoryText } from '../../parts/cloud/text.ts'

type DetailsProps = Readonly<{
  of: string
  /** Of the list. */
  known: CloudRow | undefined
  onOpen: (ref: string) => void
  onClose: () => void
}>

export function Details({ of, known, onOpen, onClose }: DetailsProps): React.ReactNode {
  const query = useCloudResource(of)
  const { data } = query
  const row = data === undefined ? known : (data.now ?? undefined)
  const name = row?.name ?? cloudId(of)
  return (
    <Drawer of={of} name={inventoryText.details(name)} title={name} onClose={onClose}>
      {data !== undefined && data.now === null && <p className="warning pad">{inventoryText.isGone}</p>}
      {row !== undefined && <CloudFacts of={row} costs={data?.costs} />}
      <p>
        <InvestigateLink of={of} />
      </p>
      {data === undefined ? (
        <Pending of={query} what={inventoryText.relations} />
      ) : (
        <>
          <CloudRelations of={data} h="h3" onOpen={onOpen} />
          <CloudTraffic of={data} h="h3" />
          <CloudHistory of={data} h="h3" />
        </>
      )}
    </Drawer>
  )
}
