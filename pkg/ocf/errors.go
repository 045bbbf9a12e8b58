package ocf

import "fmt"

// VariableError says that a variable of the environment which the cluster manager sets has a value that
// cannot be used.
type VariableError struct {
	Name    string // of the variable
	Value   string // as it was found
	Allowed string // what is allowed there
}

// Error names the variable, its value and what is allowed.
func (e *VariableError) Error() string {
	return fmt.Sprintf("cannot use %s=%q: allowed is %s", e.Name, e.Value, e.Allowed)
}

// ParameterError says that a parameter of the resource has a value that cannot be used, or has none and needs one.
type ParameterError struct {
	Name    string // of the parameter, without OCF_RESKEY_
	Value   string // as it was found; "" if it is not set
	Allowed string // what is allowed there
}

// Error names the parameter, its value and what is allowed.
func (e *ParameterError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("parameter %s is required: set it to %s", e.Name, e.Allowed)
	}
	return fmt.Sprintf("cannot use parameter %s=%q: allowed is %s", e.Name, e.Value, e.Allowed)
}
