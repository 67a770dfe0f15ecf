"""How lists and maps are merged, per type: every field whose merging is not the plain one.

Generated from the published OpenAPI document of Kubernetes 1.36 (api/openapi-spec/swagger.json), where `k` is
x-kubernetes-list-map-keys, `m` x-kubernetes-patch-merge-key, `s` x-kubernetes-patch-strategy, `t` the type of what is
inside, `set` and `atomic` the type of a list or map. Lists are otherwise atomic, maps and objects granular.
"""

TYPES = {
    "Affinity": "nodeAffinity t=NodeAffinity; podAffinity t=PodAffinity; podAntiAffinity t=PodAntiAffinity",
    "CSIPersistentVolumeSource": (
        "controllerExpandSecretRef atomic; controllerPublishSecretRef atomic; nodeExpandSecretRef atomic; "
        "nodePublishSecretRef atomic; nodeStageSecretRef atomic"
    ),
    "CSIVolumeSource": "nodePublishSecretRef atomic",
    "CephFSPersistentVolumeSource": "secretRef atomic",
    "CephFSVolumeSource": "secretRef atomic",
    "CinderPersistentVolumeSource": "secretRef atomic",
    "CinderVolumeSource": "secretRef atomic",
    "ClusterRole": "metadata t=ObjectMeta",
    "ClusterRoleBinding": "metadata t=ObjectMeta; roleRef atomic",
    "ClusterTrustBundleProjection": "labelSelector atomic",
    "ConfigMap": "metadata t=ObjectMeta",
    "Container": (
        "env t=EnvVar k=name m=name s=merge; ports k=containerPort,protocol m=containerPort s=merge; resources "
        "t=ResourceRequirements; restartPolicyRules t=ContainerRestartRule; volumeDevices k=devicePath "
        "m=devicePath s=merge; volumeMounts k=mountPath m=mountPath s=merge"
    ),
    "ContainerRestartRule": "exitCodes t=ContainerRestartRuleOnExitCodes",
    "ContainerRestartRuleOnExitCodes": "values set",
    "ContainerStatus": (
        "allocatedResourcesStatus t=ResourceStatus k=name m=name s=merge; resources t=ResourceRequirements; "
        "volumeMounts k=mountPath m=mountPath s=merge"
    ),
    "ControllerRevision": "metadata t=ObjectMeta",
    "CronJob": "metadata t=ObjectMeta; spec t=CronJobSpec",
    "CronJobSpec": "jobTemplate t=JobTemplateSpec",
    "DaemonSet": "metadata t=ObjectMeta; spec t=DaemonSetSpec; status t=DaemonSetStatus",
    "DaemonSetSpec": "selector atomic; template t=PodTemplateSpec",
    "DaemonSetStatus": "conditions k=type m=type s=merge",
    "Deployment": "metadata t=ObjectMeta; spec t=DeploymentSpec; status t=DeploymentStatus",
    "DeploymentSpec": "selector atomic; strategy s=retainKeys; template t=PodTemplateSpec",
    "DeploymentStatus": "conditions k=type m=type s=merge",
    "DownwardAPIProjection": "items t=DownwardAPIVolumeFile",
    "DownwardAPIVolumeFile": "fieldRef atomic; resourceFieldRef atomic",
    "DownwardAPIVolumeSource": "items t=DownwardAPIVolumeFile",
    "Endpoint": "addresses set; targetRef atomic",
    "EndpointAddress": "targetRef atomic",
    "EndpointSlice": "endpoints t=Endpoint; metadata t=ObjectMeta",
    "EndpointSubset": "addresses t=EndpointAddress; notReadyAddresses t=EndpointAddress",
    "Endpoints": "metadata t=ObjectMeta; subsets t=EndpointSubset",
    "EnvVar": "valueFrom t=EnvVarSource",
    "EnvVarSource": (
        "configMapKeyRef atomic; fieldRef atomic; fileKeyRef atomic; resourceFieldRef atomic; secretKeyRef atomic"
    ),
    "EphemeralContainer": (
        "env t=EnvVar k=name m=name s=merge; ports k=containerPort,protocol m=containerPort s=merge; resources "
        "t=ResourceRequirements; restartPolicyRules t=ContainerRestartRule; volumeDevices k=devicePath "
        "m=devicePath s=merge; volumeMounts k=mountPath m=mountPath s=merge"
    ),
    "EphemeralVolumeSource": "volumeClaimTemplate t=PersistentVolumeClaimTemplate",
    "Event": "involvedObject atomic; metadata t=ObjectMeta; related atomic",
    "ExternalMetricSource": "metric t=MetricIdentifier",
    "ExternalMetricStatus": "metric t=MetricIdentifier",
    "FlexPersistentVolumeSource": "secretRef atomic",
    "FlexVolumeSource": "secretRef atomic",
    "HTTPIngressPath": "backend t=IngressBackend",
    "HTTPIngressRuleValue": "paths t=HTTPIngressPath",
    "HorizontalPodAutoscaler": (
        "metadata t=ObjectMeta; spec t=HorizontalPodAutoscalerSpec; status t=HorizontalPodAutoscalerStatus"
    ),
    "HorizontalPodAutoscalerSpec": "metrics t=MetricSpec",
    "HorizontalPodAutoscalerStatus": "conditions k=type m=type s=merge; currentMetrics t=MetricStatus",
    "ISCSIPersistentVolumeSource": "secretRef atomic",
    "ISCSIVolumeSource": "secretRef atomic",
    "Ingress": "metadata t=ObjectMeta; spec t=IngressSpec",
    "IngressBackend": "resource atomic; service t=IngressServiceBackend",
    "IngressClass": "metadata t=ObjectMeta",
    "IngressRule": "http t=HTTPIngressRuleValue",
    "IngressServiceBackend": "port atomic",
    "IngressSpec": "defaultBackend t=IngressBackend; rules t=IngressRule",
    "Job": "metadata t=ObjectMeta; spec t=JobSpec; status t=JobStatus",
    "JobSpec": "podFailurePolicy t=PodFailurePolicy; selector atomic; template t=PodTemplateSpec",
    "JobStatus": "conditions m=type s=merge; uncountedTerminatedPods t=UncountedTerminatedPods",
    "JobTemplateSpec": "metadata t=ObjectMeta; spec t=JobSpec",
    "Lease": "metadata t=ObjectMeta",
    "LimitRange": "metadata t=ObjectMeta",
    "MatchResources": "namespaceSelector atomic; objectSelector atomic",
    "MetricIdentifier": "selector atomic",
    "MetricSpec": "external t=ExternalMetricSource; object t=ObjectMetricSource; pods t=PodsMetricSource",
    "MetricStatus": "external t=ExternalMetricStatus; object t=ObjectMetricStatus; pods t=PodsMetricStatus",
    "MutatingWebhook": "matchConditions k=name m=name s=merge; namespaceSelector atomic; objectSelector atomic",
    "MutatingWebhookConfiguration": "metadata t=ObjectMeta; webhooks t=MutatingWebhook k=name m=name s=merge",
    "Namespace": "metadata t=ObjectMeta; status t=NamespaceStatus",
    "NamespaceStatus": "conditions k=type m=type s=merge",
    "NetworkPolicy": "metadata t=ObjectMeta; spec t=NetworkPolicySpec",
    "NetworkPolicyEgressRule": "to t=NetworkPolicyPeer",
    "NetworkPolicyIngressRule": "from t=NetworkPolicyPeer",
    "NetworkPolicyPeer": "namespaceSelector atomic; podSelector atomic",
    "NetworkPolicySpec": "egress t=NetworkPolicyEgressRule; ingress t=NetworkPolicyIngressRule; podSelector atomic",
    "Node": "metadata t=ObjectMeta; spec t=NodeSpec; status t=NodeStatus",
    "NodeAffinity": (
        "preferredDuringSchedulingIgnoredDuringExecution t=PreferredSchedulingTerm; "
        "requiredDuringSchedulingIgnoredDuringExecution atomic"
    ),
    "NodeAllocatableResourceClaimStatus": "containers set",
    "NodeSpec": "podCIDRs set s=merge",
    "NodeStatus": "addresses k=type m=type s=merge; conditions k=type m=type s=merge",
    "ObjectMeta": "finalizers set s=merge; ownerReferences k=uid m=uid s=merge",
    "ObjectMetricSource": "metric t=MetricIdentifier",
    "ObjectMetricStatus": "metric t=MetricIdentifier",
    "ParamRef": "selector atomic",
    "PersistentVolume": "metadata t=ObjectMeta; spec t=PersistentVolumeSpec",
    "PersistentVolumeClaim": (
        "metadata t=ObjectMeta; spec t=PersistentVolumeClaimSpec; status t=PersistentVolumeClaimStatus"
    ),
    "PersistentVolumeClaimSpec": "dataSource atomic; selector atomic",
    "PersistentVolumeClaimStatus": "conditions k=type m=type s=merge",
    "PersistentVolumeClaimTemplate": "metadata t=ObjectMeta; spec t=PersistentVolumeClaimSpec",
    "PersistentVolumeSpec": (
        "cephfs t=CephFSPersistentVolumeSource; cinder t=CinderPersistentVolumeSource; csi "
        "t=CSIPersistentVolumeSource; flexVolume t=FlexPersistentVolumeSource; iscsi "
        "t=ISCSIPersistentVolumeSource; nodeAffinity t=VolumeNodeAffinity; rbd t=RBDPersistentVolumeSource; "
        "scaleIO t=ScaleIOPersistentVolumeSource; storageos t=StorageOSPersistentVolumeSource"
    ),
    "Pod": "metadata t=ObjectMeta; spec t=PodSpec; status t=PodStatus",
    "PodAffinity": (
        "preferredDuringSchedulingIgnoredDuringExecution t=WeightedPodAffinityTerm; "
        "requiredDuringSchedulingIgnoredDuringExecution t=PodAffinityTerm"
    ),
    "PodAffinityTerm": "labelSelector atomic; namespaceSelector atomic",
    "PodAntiAffinity": (
        "preferredDuringSchedulingIgnoredDuringExecution t=WeightedPodAffinityTerm; "
        "requiredDuringSchedulingIgnoredDuringExecution t=PodAffinityTerm"
    ),
    "PodDisruptionBudget": (
        "metadata t=ObjectMeta; spec t=PodDisruptionBudgetSpec; status t=PodDisruptionBudgetStatus"
    ),
    "PodDisruptionBudgetSpec": "selector atomic s=replace",
    "PodDisruptionBudgetStatus": "conditions k=type m=type s=merge",
    "PodFailurePolicy": "rules t=PodFailurePolicyRule",
    "PodFailurePolicyOnExitCodesRequirement": "values set",
    "PodFailurePolicyRule": "onExitCodes t=PodFailurePolicyOnExitCodesRequirement",
    "PodSpec": (
        "affinity t=Affinity; containers t=Container k=name m=name s=merge; ephemeralContainers "
        "t=EphemeralContainer k=name m=name s=merge; hostAliases k=ip m=ip s=merge; imagePullSecrets k=name "
        "m=name s=merge; initContainers t=Container k=name m=name s=merge; nodeSelector atomic; resourceClaims "
        "k=name m=name s=merge,retainKeys; resources t=ResourceRequirements; schedulingGates k=name m=name "
        "s=merge; topologySpreadConstraints t=TopologySpreadConstraint k=topologyKey,whenUnsatisfiable "
        "m=topologyKey s=merge; volumes t=Volume k=name m=name s=merge,retainKeys"
    ),
    "PodStatus": (
        "conditions k=type m=type s=merge; containerStatuses t=ContainerStatus; ephemeralContainerStatuses "
        "t=ContainerStatus; hostIPs m=ip s=merge; initContainerStatuses t=ContainerStatus; "
        "nodeAllocatableResourceClaimStatuses t=NodeAllocatableResourceClaimStatus; podIPs k=ip m=ip s=merge; "
        "resourceClaimStatuses k=name m=name s=merge,retainKeys; resources t=ResourceRequirements"
    ),
    "PodTemplate": "metadata t=ObjectMeta; template t=PodTemplateSpec",
    "PodTemplateSpec": "metadata t=ObjectMeta; spec t=PodSpec",
    "PodsMetricSource": "metric t=MetricIdentifier",
    "PodsMetricStatus": "metric t=MetricIdentifier",
    "PreferredSchedulingTerm": "preference atomic",
    "PriorityClass": "metadata t=ObjectMeta",
    "ProjectedVolumeSource": "sources t=VolumeProjection",
    "RBDPersistentVolumeSource": "secretRef atomic",
    "RBDVolumeSource": "secretRef atomic",
    "ReplicaSet": "metadata t=ObjectMeta; spec t=ReplicaSetSpec; status t=ReplicaSetStatus",
    "ReplicaSetSpec": "selector atomic; template t=PodTemplateSpec",
    "ReplicaSetStatus": "conditions k=type m=type s=merge",
    "ReplicationController": (
        "metadata t=ObjectMeta; spec t=ReplicationControllerSpec; status t=ReplicationControllerStatus"
    ),
    "ReplicationControllerSpec": "selector atomic; template t=PodTemplateSpec",
    "ReplicationControllerStatus": "conditions k=type m=type s=merge",
    "ResourceQuota": "metadata t=ObjectMeta; spec t=ResourceQuotaSpec",
    "ResourceQuotaSpec": "scopeSelector atomic",
    "ResourceRequirements": "claims k=name",
    "ResourceStatus": "resources k=resourceID",
    "Role": "metadata t=ObjectMeta",
    "RoleBinding": "metadata t=ObjectMeta; roleRef atomic",
    "ScaleIOPersistentVolumeSource": "secretRef atomic",
    "ScaleIOVolumeSource": "secretRef atomic",
    "Secret": "metadata t=ObjectMeta",
    "Service": "metadata t=ObjectMeta; spec t=ServiceSpec; status t=ServiceStatus",
    "ServiceAccount": "metadata t=ObjectMeta; secrets k=name m=name s=merge",
    "ServiceSpec": "ports k=port,protocol m=port s=merge; selector atomic",
    "ServiceStatus": "conditions k=type m=type s=merge",
    "StatefulSet": "metadata t=ObjectMeta; spec t=StatefulSetSpec; status t=StatefulSetStatus",
    "StatefulSetSpec": "selector atomic; template t=PodTemplateSpec; volumeClaimTemplates t=PersistentVolumeClaim",
    "StatefulSetStatus": "conditions k=type m=type s=merge",
    "StorageClass": "metadata t=ObjectMeta",
    "StorageOSPersistentVolumeSource": "secretRef atomic",
    "StorageOSVolumeSource": "secretRef atomic",
    "TopologySpreadConstraint": "labelSelector atomic",
    "UncountedTerminatedPods": "failed set; succeeded set",
    "ValidatingAdmissionPolicy": (
        "metadata t=ObjectMeta; spec t=ValidatingAdmissionPolicySpec; status t=ValidatingAdmissionPolicyStatus"
    ),
    "ValidatingAdmissionPolicyBinding": "metadata t=ObjectMeta; spec t=ValidatingAdmissionPolicyBindingSpec",
    "ValidatingAdmissionPolicyBindingSpec": (
        "matchResources t=MatchResources atomic; paramRef t=ParamRef atomic; validationActions set"
    ),
    "ValidatingAdmissionPolicySpec": (
        "matchConditions k=name m=name s=merge; matchConstraints t=MatchResources atomic; paramKind atomic; "
        "variables k=name m=name s=merge"
    ),
    "ValidatingAdmissionPolicyStatus": "conditions k=type",
    "ValidatingWebhook": "matchConditions k=name m=name s=merge; namespaceSelector atomic; objectSelector atomic",
    "ValidatingWebhookConfiguration": "metadata t=ObjectMeta; webhooks t=ValidatingWebhook k=name m=name s=merge",
    "Volume": (
        "cephfs t=CephFSVolumeSource; cinder t=CinderVolumeSource; csi t=CSIVolumeSource; downwardAPI "
        "t=DownwardAPIVolumeSource; ephemeral t=EphemeralVolumeSource; flexVolume t=FlexVolumeSource; iscsi "
        "t=ISCSIVolumeSource; projected t=ProjectedVolumeSource; rbd t=RBDVolumeSource; scaleIO "
        "t=ScaleIOVolumeSource; storageos t=StorageOSVolumeSource"
    ),
    "VolumeNodeAffinity": "required atomic",
    "VolumeProjection": "clusterTrustBundle t=ClusterTrustBundleProjection; downwardAPI t=DownwardAPIProjection",
    "WeightedPodAffinityTerm": "podAffinityTerm t=PodAffinityTerm",
}
