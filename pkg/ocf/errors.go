package ocf

import "fmt"

// VariableError is returned for a variable of the environment that the cluster manager sets and
// that has an unusable value.
type VariableError struct {
	Name    string // of the variable
	Value   string // as it was found
	Allowed string // a description of the usable values
}

// Error names the variable, its value and the usable ones.
func (e *VariableError) Error() string {
	return fmt.Sprintf("cannot use %s=%q: allowed is %s", e.Name, e.Value, e.Allowed)
}

// ParameterError is returned for a parameter of the resource that has an unusable value, or has
// none and needs one.
type ParameterError struct {
	Name    string // of the parameter, without ParameterPrefix
	Value   string // as it was found; "" if it is not set
	Allowed string // a description of the usable values
}

// Error names the parameter, its value and the usable ones.
func (e *ParameterError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("parameter %s is required: set it to %s", e.Name, e.Allowed)
	}
	return fmt.Sprintf("cannot use parameter %s=%q: allowed is %s", e.Name, e.Value, e.Allowed)
}
