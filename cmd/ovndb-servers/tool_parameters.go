package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
)

// parametersTimeout bounds the question for the parameters of the resource: the answers of the servers
// need time as well.
const parametersTimeout = 2 * time.Second

// configuredParameters returns the parameters of a resource as the cluster has them. If they cannot be
// read, and in the place of one that cannot be used, it returns the defaults.
func configuredParameters(ctx context.Context, instance string) ocf.Parameters {
	ctx, cancel := context.WithTimeout(ctx, parametersTimeout)
	defer cancel()
	configuration, _ := pacemaker.ReadConfiguration(ctx) // doctor says why it cannot be read
	primitive, _ := configuration.Primitive(instance)
	return parametersOf(primitive)
}

// parametersOf reads the parameters of a resource. Doctor names those that cannot be used.
func parametersOf(primitive pacemaker.Primitive) ocf.Parameters {
	parameters, _ := ocf.ParseParameters(func(name string) string {
		return primitive.Parameters[strings.TrimPrefix(name, ocf.ParameterPrefix)]
	})
	return parameters
}

// configure takes the databases and the directories of OVN from the parameters of the resource, but for
// those that are named. The servers of another pair would be judged by the record and the state of this
// resource.
func (p *place) configure(parameters ocf.Parameters) {
	p.layout.Pair = cmp.Or(p.layout.Pair, parameters.Databases)
	p.layout.RunDir = cmp.Or(p.layout.RunDir, parameters.RunDir)
	p.layout.DatabaseDir = cmp.Or(p.layout.DatabaseDir, parameters.DatabaseDir)
	p.layout.SchemaDir = cmp.Or(p.layout.SchemaDir, parameters.SchemaDir)
}
