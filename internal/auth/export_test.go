package auth

// For the tests in auth_test, which use authtest and so cannot be in auth.
var (
	NewAttempt  = newAttempt
	IsLocalPath = isLocalPath
	Trim        = trim
)
